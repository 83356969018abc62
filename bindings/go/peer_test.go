package copilot

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"
)

// peer is a client of the fake runtime with a script; it is closed with the test.
func peer(t *testing.T, script string, with func(*ClientOptions)) *Client {
	t.Helper()
	client := loosePeer(t, script, with)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func loosePeer(t testing.TB, script string, with func(*ClientOptions)) *Client {
	t.Helper()
	path := os.Getenv("COPILOT_FAKE_RUNTIME")
	if path == "" {
		t.Fatal("COPILOT_FAKE_RUNTIME names the fake runtime: cargo build -p copilot-testkit")
	}
	var args []string
	if script != "" {
		args = []string{"--script-json", script}
	}
	options := &ClientOptions{Connection: Stdio(path, args...), Logger: slog.New(slog.DiscardHandler)}
	if with != nil {
		with(options)
	}
	client, err := NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	return client
}

// within is a context that a test must not outlast.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func session(t *testing.T, client *Client, config *SessionConfig) *Session {
	t.Helper()
	made, err := client.CreateSession(within(t), config)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// asks has the fake runtime ask a question and gives what the SDK answered.
func asks(t *testing.T, client *Client, method string, params map[string]any) map[string]any {
	t.Helper()
	text, err := client.Invoke(within(t), "fake.request", map[string]any{"method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// soon waits until something holds.
func soon(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
