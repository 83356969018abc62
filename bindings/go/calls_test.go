package copilot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

const answers = `[{"on":{"method":"session.list"},"do":[{"reply":{"result":{"sessions":[{"sessionId":"a","summary":"A","more":1}]}}}]},
 {"on":{"method":"session.getMetadata"},"do":[{"reply":{"result":{"session":{"sessionId":"a"}}}}]},
 {"on":{"method":"session.getLastId"},"do":[{"reply":{"result":{"sessionId":"last"}}}]},
 {"on":{"method":"session.getForeground"},"do":[{"reply":{"result":{"sessionId":"front"}}}]},
 {"on":{"method":"session.setForeground"},"do":[{"reply":{"result":{"success":true}}}]},
 {"on":{"method":"session.delete"},"do":[{"reply":{"result":{"success":true}}}]},
 {"on":{"method":"auth.getStatus"},"do":[{"reply":{"result":{"isAuthenticated":true,"login":"ada"}}}]},
 {"on":{"method":"session.model.switchTo"},"do":[{"reply":{"result":{}}}]},
 {"on":{"method":"session.tasks.cancel"},"do":[{"reply":{"result":{"cancelled":true}}}]},
 {"on":{"method":"session.log"},"do":[{"reply":{"result":{"eventId":"e1"}}}]},
 {"on":{"method":"session.ui.elicitation"},"do":[
  {"reply":{"result":{"action":"accept","content":{"confirmed":true,"value":"v","selection":"b"}}}}]},
 {"on":{"method":"session.send"},"do":[{"reply":{"result":{"messageId":"m1"}}}]},
 {"on":{"method":"session.resume"},"do":[{"reply":{"result":{"sessionId":"$params.sessionId"}}}]},
 {"on":{"method":"session.create"},"do":[
  {"reply":{"result":{"sessionId":"$params.sessionId","workspacePath":"/w","capabilities":{"ui":{"elicitation":true}}}}}]}]`

// sent are the parameters of the calls of a method that the fake runtime has seen.
func sent(t *testing.T, client *Client, method string) []map[string]any {
	t.Helper()
	text, err := client.Invoke(within(t), "fake.received", map[string]any{"method": method})
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Messages []struct{ Params map[string]any }
	}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	for _, message := range found.Messages {
		list = append(list, message.Params)
	}
	return list
}

func expect(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v (%v), not %v", what, got, err, want)
	}
}

func TestCallsOfAClient(t *testing.T) {
	client := peer(t, answers, nil)
	ctx := within(t)
	listed, err := client.ListSessions(ctx, &SessionFilter{Repository: "r"})
	if err != nil || len(listed) != 1 || listed[0].SessionID != "a" || !strings.Contains(string(listed[0].JSON()), "more") {
		t.Errorf("the sessions are %+v (%v)", listed, err)
	}
	expect(t, "the filter", sent(t, client, "session.list")[0]["filter"], map[string]any{"repository": "r"}, nil)
	known, err := client.GetSessionMetadata(ctx, "a")
	expect(t, "the metadata", known.SessionID, "a", err)
	last, err := client.GetLastSessionID(ctx)
	expect(t, "the last", last, "last", err)
	front, err := client.GetForegroundSessionID(ctx)
	expect(t, "the foreground", front, "front", err)
	expect(t, "the new foreground", client.SetForegroundSessionID(ctx, "x"), nil, nil)
	expect(t, "the new foreground", sent(t, client, "session.setForeground")[0]["sessionId"], "x", nil)
	expect(t, "deleting", client.DeleteSession(ctx, "x"), nil, nil)
	auth, err := client.GetAuthStatus(ctx)
	expect(t, "the login", auth.Login, "ada", err)
	status, err := client.GetStatus(ctx)
	expect(t, "the protocol", status.ProtocolVersion, 3, err)
	state, err := client.State()
	expect(t, "the state", state, "connected", err)
	port, err := client.RuntimePort()
	expect(t, "the port", port, 0, err)
	expect(t, "a notification", client.Notify("fake.note", map[string]any{"n": 1}), nil, nil)
	soon(t, "the notification came", func() bool { return len(sent(t, client, "fake.note")) == 1 })
	counters, err := client.Counters()
	expect(t, "the events", counters.Received, 0, err)
	seen, err := client.Diagnostics()
	expect(t, "the start", seen.Start.Outcome, "ok", err)
	expect(t, "the environment", client.SetEnv(ctx, map[string]string{"A": "b"}), nil, nil)
	expect(t, "stopping", client.Stop(ctx), nil, nil)
	if state, err = client.State(); err != nil || state != "disconnected" {
		t.Errorf("the state is %s (%v)", state, err)
	}
	expect(t, "killing", client.ForceStop(ctx), nil, nil)
}

func TestCallsOfASession(t *testing.T) {
	client := peer(t, answers, nil)
	made, ctx := session(t, client, nil), within(t)
	state, err := made.State()
	expect(t, "the workspace", state.WorkspacePath, "/w", err)
	options := &ModelOptions{ReasoningEffort: "high"}
	expect(t, "the model", made.SetModel(ctx, "m2", options), nil, nil)
	expect(t, "the effort", sent(t, client, "session.model.switchTo")[0]["reasoningEffort"], "high", nil)
	line, err := made.Log(ctx, "a line", &LogOptions{Level: "warning", Ephemeral: true})
	expect(t, "the line", line, "e1", err)
	expect(t, "the level", sent(t, client, "session.log")[0]["level"], "warning", nil)
	cancelled, err := made.CancelTask(ctx, "t1")
	expect(t, "the task", cancelled, true, err)
	yes, err := made.Confirm(ctx, "sure?")
	expect(t, "the confirmation", yes, true, err)
	chosen, err := made.Select(ctx, "which?", []string{"a", "b"})
	expect(t, "the choice", *chosen, "b", err)
	words, err := made.Input(ctx, "name?", &InputOptions{MinLength: new(1)})
	expect(t, "the input", *words, "v", err)
	form, err := made.Elicit(ctx, "fill in", map[string]any{"type": "object", "properties": map[string]any{}})
	expect(t, "the form", form.Action, "accept", err)
	id, err := made.Send(ctx, "x", &SendOptions{Mode: "immediate", Extra: map[string]any{"later": 1}})
	expect(t, "the message", id, "m1", err)
	told := sent(t, client, "session.send")[0]
	expect(t, "the mode and more", []any{told["mode"], told["later"]}, []any{"immediate", 1}, nil)
	expect(t, "its client", made.Client() == client, true, nil)
	again, err := client.ResumeSession(ctx, made.ID(), &SessionConfig{Model: "m3", Extra: map[string]any{"later": true}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "the id", again.ID(), made.ID(), nil)
	resumed := sent(t, client, "session.resume")[0]
	expect(t, "the options", []any{resumed["model"], resumed["later"]}, []any{"m3", true}, nil)
}

func TestModelRequestsAreForwarded(t *testing.T) {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Method+" "+r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprintf(w, "got %s", body)
	}))
	defer provider.Close()
	accept := `"do":[{"reply":{"result":{"accepted":true,"success":true}}}]`
	client := peer(t, `[{"on":{"method":"llmInference.setProvider"},`+accept+`},{"on":{"method":"llmInference.httpResponseStart"},`+accept+`},
	  {"on":{"method":"llmInference.httpResponseChunk"},`+accept+`}]`, func(options *ClientOptions) {
		options.OnModelRequest = ForwardModelRequests(nil)
	})
	asks(t, client, "llmInference.httpRequestStart",
		map[string]any{"requestId": "q", "method": "post", "url": provider.URL + "/v1", "headers": map[string]any{}})
	asks(t, client, "llmInference.httpRequestChunk", map[string]any{"requestId": "q", "data": "hello", "end": true})
	soon(t, "the answer ended", func() bool {
		chunks := sent(t, client, "llmInference.httpResponseChunk")
		return len(chunks) > 0 && chunks[len(chunks)-1]["end"] == true
	})
	start, _ := json.Marshal(sent(t, client, "llmInference.httpResponseStart"))
	body, _ := json.Marshal(sent(t, client, "llmInference.httpResponseChunk"))
	if !strings.Contains(string(start), `"status":418`) || !strings.Contains(string(start), "POST /v1") {
		t.Errorf("the answer begins with %s", start)
	}
	// The runtime gets bytes, here as base64.
	if !strings.Contains(string(body), "Z290IGhlbGxv") && !strings.Contains(string(body), "got hello") {
		t.Errorf("the body is %s", body)
	}
}

func TestModelRequestsOverAWebSocket(t *testing.T) {
	accept := `"do":[{"reply":{"result":{"accepted":true,"success":true}}}]`
	over := make(chan error, 1)
	client := peer(t, `[{"on":{"method":"llmInference.setProvider"},`+accept+`},{"on":{"method":"llmInference.httpResponseStart"},`+accept+`},
	  {"on":{"method":"llmInference.httpResponseChunk"},`+accept+`}]`, func(options *ClientOptions) {
		options.OnModelRequest = func(ctx context.Context, request *ModelRequest, response *ModelResponse) error {
			err := response.Start(http.StatusSwitchingProtocols, nil)
			for err == nil {
				var message []byte
				if message, err = request.Receive(ctx); err == nil {
					_, err = response.WriteString("echo " + string(message))
				}
			}
			over <- err
			return nil
		}
	})
	asks(t, client, "llmInference.httpRequestStart", map[string]any{
		"requestId": "w", "method": "get", "url": "ws://model.example/v1", "headers": map[string]any{}, "transport": "websocket"})
	for _, message := range []string{"one", "two"} {
		asks(t, client, "llmInference.httpRequestChunk", map[string]any{"requestId": "w", "data": message})
	}
	asks(t, client, "llmInference.httpRequestChunk", map[string]any{"requestId": "w", "data": "", "end": true})
	if err := <-over; err != io.EOF {
		t.Fatalf("it ended with %v", err)
	}
	soon(t, "the answer ended", func() bool {
		chunks, _ := json.Marshal(sent(t, client, "llmInference.httpResponseChunk"))
		first, second := strings.Index(string(chunks), "echo one"), strings.Index(string(chunks), "echo two")
		return first > 0 && second > first && strings.Contains(string(chunks[second:]), `"end":true`)
	})
	soon(t, "its messages are no longer expected", func() bool {
		client.state.mutex.Lock()
		defer client.state.mutex.Unlock()
		return len(client.state.inboxes) == 0
	})
}

func TestHostTellsWhatHappens(t *testing.T) {
	client := peer(t, `[{"on":{"method":"host.start"},"do":[{"reply":{"result":{"hostId":"$params.hostId","url":"ws://x/","token":"t"}}}]},
	  {"on":{"method":"fake.end"},"do":[{"notify":{"method":"host.sessionReleased","params":{"hostId":"$params.hostId","handoffId":"one"}}},
	  {"notify":{"method":"host.exited","params":{"hostId":"$params.hostId","reason":"disposed"}}},{"reply":{"result":{}}}]}]`, nil)
	var released atomic.Int32
	exited := make(chan string, 1)
	host, err := client.StartAHPHost(within(t), map[string]any{"localServer": map[string]any{}}, AHPHandler{
		CreateSession: func(context.Context, *AHPSessionRequest) (*Session, error) { return nil, nil },
		Released:      func(context.Context, *AHPRelease) { released.Add(1) },
		Exited:        func(_ context.Context, news *AHPExit) { exited <- news.Reason },
	})
	if err != nil || host.URL != "ws://x/" || host.HostID == "" {
		t.Fatalf("the host is %+v (%v)", host, err)
	}
	if _, err := client.Invoke(within(t), "fake.end", map[string]any{"hostId": host.HostID}); err != nil {
		t.Fatal(err)
	}
	expect(t, "the reason", <-exited, "disposed", nil)
	soon(t, "the host is forgotten", func() bool {
		client.state.mutex.Lock()
		defer client.state.mutex.Unlock()
		return len(client.state.hosts) == 0
	})
}

func TestLibraryAndItsLog(t *testing.T) {
	if LibraryVersion() == "" || !Has("llm") || Has("flying") {
		t.Fatal("the library does not know itself")
	}
	lines := make(chan string, 1000)
	if err := SetLog(LogDebug, func(_ LogLevel, target, message string) {
		select {
		case lines <- target + message:
		default:
		}
		panic("the receiver fails")
	}); err != nil {
		t.Fatal(err)
	}
	peer(t, "", nil)
	if err := SetLog(LogOff, nil); err != nil {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		t.Fatal("nothing was logged")
	}
}
