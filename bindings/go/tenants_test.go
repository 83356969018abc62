package copilot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var tenants = []string{"red", "blue"}

// Two tenants share one client: what each gives its session is told and asked for that session only.
func TestTenantsOfOneClient(t *testing.T) {
	client := peer(t, "", nil)
	var made []*Session
	for _, name := range tenants {
		made = append(made, session(t, client, &SessionConfig{
			WorkingDirectory: "/home/" + name,
			Provider:         map[string]any{"type": "openai", "baseUrl": "http://" + name, "apiKey": "key-of-" + name},
			MCPServers:       map[string]any{name: map[string]any{"command": "run", "env": map[string]string{"WHO": name}}},
			GitHubTokenProvider: func(context.Context, *GitHubTokenRequest) (*GitHubToken, error) {
				return &GitHubToken{AccessToken: "token-of-" + name, ExpiresIn: 60}, nil
			},
		}))
	}
	for at, name := range tenants {
		_, err := made[at].Send(within(t), "hello", &SendOptions{RequestHeaders: map[string]any{"authorization": "header-of-" + name}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, method := range []string{"session.create", "session.send"} {
		for at, params := range sent(t, client, method) {
			text := strings.ReplaceAll(fmt.Sprint(params), made[at].ID(), "")
			if !strings.Contains(text, tenants[at]) || strings.Contains(text, tenants[1-at]) {
				t.Errorf("%s of %s: %s", method, tenants[at], text)
			}
		}
	}
	for at, params := range sent(t, client, "session.create") {
		asked := map[string]any{"registrationId": params["gitHubTokenProviderRegistrationId"], "host": "h", "reason": "initial"}
		answer := asks(t, client, "gitHubToken.getToken", asked)
		if !strings.Contains(fmt.Sprint(answer), "token-of-"+tenants[at]) {
			t.Errorf("the token of %s: %v", tenants[at], answer)
		}
	}
}

// Two sessions share a store and do not see each other's files.
func TestTenantsFiles(t *testing.T) {
	client := peer(t, "", func(options *ClientOptions) {
		options.SessionFS = &SessionFSOptions{
			InitialCwd: "/", SessionStatePath: "/state", Conventions: "posix", Store: &SessionFSStore{Kind: "memory"},
		}
	})
	red, blue := session(t, client, nil), session(t, client, nil)
	asks(t, client, "sessionFs.writeFile", map[string]any{"sessionId": red.ID(), "path": "/state/secret", "content": "of red"})
	read := func(session *Session, path string) string {
		return fmt.Sprint(asks(t, client, "sessionFs.readFile", map[string]any{"sessionId": session.ID(), "path": path}))
	}
	if own := read(red, "/state/secret"); !strings.Contains(own, "of red") {
		t.Fatal(own)
	}
	theirs := "/../" + red.ID() + "/state/secret"
	for _, path := range []string{"/state/secret", theirs, "/state/.." + theirs, ".." + theirs} {
		if found := read(blue, path); strings.Contains(found, "of red") {
			t.Errorf("%s: %s", path, found)
		}
	}
}

// Two clients have two runtimes, each with its own environment, folder and token.
func TestTenantsOfTwoClients(t *testing.T) {
	for at, name := range tenants {
		folder, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		client := peer(t, "", func(options *ClientOptions) {
			options.Env = map[string]string{"WHO": name, "PATH": os.Getenv("PATH")}
			options.WorkingDirectory, options.GitHubToken = folder, "token-of-"+name
		})
		text, err := client.Invoke(within(t), "fake.info", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"WHO":"` + name, folder, `"COPILOT_SDK_AUTH_TOKEN":"token-of-` + name} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s is not in what the runtime of %s was given", part, name)
			}
		}
		if strings.Contains(string(text), "token-of-"+tenants[1-at]) {
			t.Error("the other one's token")
		}
	}
}
