package copilot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Secrets do not show in Go: not in what fmt and slog print, not in errors, not in the log, not on a command line. What the engine
// itself leaves out is held by core/tests/canaries.rs; both take their secrets from tests/canaries.json.

type canaries struct {
	Mark            string
	ConnectionToken string
	Client          struct {
		GitHubToken string
		Telemetry   *Telemetry
	}
	Env            map[string]string
	Session        json.RawMessage
	RequestHeaders map[string]any
	Calls          []struct {
		Method string
		Params json.RawMessage
	}
	Script json.RawMessage
}

// said is everything that anybody could read.
type said struct {
	mutex sync.Mutex
	texts []string
}

func (s *said) text(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.texts = append(s.texts, text)
}

// shows notes how a value is printed and logged in all ways.
func (s *said) shows(values ...any) {
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			s.text(fmt.Sprintf(verb, value))
		}
		var logged bytes.Buffer
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "value", value)
		s.text(logged.String())
	}
}

func (s *said) refused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s was not refused", what)
	}
	s.fails(err)
}

func (s *said) fails(err error) {
	for ; err != nil; err = errors.Unwrap(err) {
		s.shows(err)
		var known *Error
		if errors.As(err, &known) {
			s.shows(*known, known.Reason)
			s.text(string(known.Data))
		}
	}
}

func (s *said) commandLines(t *testing.T) {
	entries, _ := filepath.Glob("/proc/[0-9]*")
	found := 0
	for _, entry := range entries {
		stat, _ := os.ReadFile(filepath.Join(entry, "stat"))
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		own := fmt.Sprint(os.Getpid())
		if filepath.Base(entry) != own && (len(fields) < 2 || fields[1] != own) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
		s.text(string(line))
		found++
	}
	if found < 2 && len(entries) > 0 {
		t.Error("the runtime's command line was not found")
	}
}

func (s *said) holdNone(t *testing.T, mark string) {
	t.Helper()
	hidden := 0
	for _, text := range s.texts {
		if strings.Contains(text, mark) {
			t.Errorf("leak: %.500s", text)
		}
		if strings.Contains(text, "[redacted]") {
			hidden++
		}
	}
	if hidden == 0 {
		t.Error("nothing was hidden: the runtime did not repeat anything")
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	text, err := os.ReadFile("../../tests/canaries.json")
	if err != nil {
		t.Fatal(err)
	}
	var given canaries
	if err := json.Unmarshal(text, &given); err != nil {
		t.Fatal(err)
	}
	var all said
	if err := SetLog(LogTrace, func(_ LogLevel, target, message string) { all.text(target + message) }); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"stdio", "tcp"} {
		repeats(t, &all, &given, kind)
	}
	wrongTypes(t, &all, given.Mark+"-wrong-type")
	if err := SetLog(LogOff, nil); err != nil {
		t.Fatal(err)
	}
	all.shows(GitHubToken{AccessToken: given.Client.GitHubToken}, &MCPAuthAnswer{AccessToken: given.Client.GitHubToken},
		&AHPAuthentication{Token: given.ConnectionToken}, &AHPHost{Token: given.ConnectionToken}, URI("1", given.ConnectionToken))
	all.holdNone(t, given.Mark)
}

func repeats(t *testing.T, all *said, given *canaries, kind string) {
	var config SessionConfig
	if err := json.Unmarshal(given.Session, &config); err != nil {
		t.Fatal(err)
	}
	client := peer(t, "", func(options *ClientOptions) {
		options.GitHubToken, options.Telemetry = given.Client.GitHubToken, given.Client.Telemetry
		options.Env = maps.Clone(given.Env)
		options.Env["PATH"] = os.Getenv("PATH")
		if kind == "tcp" {
			options.Connection = TCP(options.Connection.Path)
			options.Connection.ConnectionToken = given.ConnectionToken
		}
		all.shows(options, *options, options.Connection)
	})
	all.shows(client, &config, config)
	if _, err := client.Invoke(within(t), "fake.script", map[string]any{"script": given.Script}); err != nil {
		t.Fatal(err)
	}
	_, err := client.CreateSession(within(t), &config)
	all.refused(t, "create", err)
	made := session(t, client, &config)
	all.shows(made)
	message := &SendOptions{RequestHeaders: given.RequestHeaders}
	all.shows(message)
	_, err = made.Send(within(t), "hello", message)
	all.refused(t, "send", err)
	for _, call := range given.Calls {
		_, err = client.Invoke(within(t), call.Method, call.Params)
		all.refused(t, call.Method, err)
	}
	all.commandLines(t)
	_, err = client.Invoke(within(t), "test.broken", map[string]any{"secret": given.Client.GitHubToken})
	all.refused(t, "broken", err)
}

func wrongTypes(t *testing.T, all *said, secret string) {
	client := peer(t, "", nil)
	made := session(t, client, nil)
	for _, shape := range []any{[][]string{{secret}}, map[string]any{"token": secret}, []any{map[string]any{"apiKey": secret}}} {
		for _, name := range []string{"gitHubToken", "env", "telemetry", "logLevel", "baseDirectory", "sessionFs", "clientInfo"} {
			if _, err := NewClient(&ClientOptions{Extra: map[string]any{name: shape}}); err != nil {
				all.fails(err)
			}
		}
		for _, name := range []string{"gitHubToken", "model", "provider", "providers", "mcpServers", "customAgents", "streaming"} {
			if _, err := client.CreateSession(within(t), &SessionConfig{Extra: map[string]any{name: shape}}); err != nil {
				all.fails(err)
			}
		}
		if _, err := made.Send(within(t), "hello", &SendOptions{Extra: map[string]any{"requestHeaders": shape}}); err != nil {
			all.fails(err)
		}
	}
}
