package copilot

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/copilot-native/copilot-native/bindings/go/rpc"
)

const floodOf = 20000

func flood(t *testing.T, client *Client, made *Session, count int) {
	t.Helper()
	params := map[string]any{"sessionId": made.ID(), "count": count, "bytes": 64}
	if _, err := client.Invoke(within(t), "fake.flood", params); err != nil {
		t.Fatal(err)
	}
}

// number is the place of an event in its flood.
func number(t *testing.T, event *Event) int {
	t.Helper()
	var data struct{ N *int }
	if err := event.Decode(&data); err != nil {
		t.Fatal(err)
	}
	if data.N == nil {
		return -1
	}
	return *data.N
}

func TestSlowReaderLosesNothing(t *testing.T) {
	client := peer(t, "", nil)
	made := session(t, client, nil)
	events := made.Events(within(t))
	channel := made.EventChannel(within(t))
	handled := 0
	made.On(func(*Event) { handled++ })
	flood(t, client, made, floodOf)
	// Handlers have seen everything that came before the answer; readers begin only now.
	if handled != floodOf {
		t.Fatalf("the handler has seen %d events", handled)
	}
	next := 0
	for event, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		if place := number(t, event); place != next {
			t.Fatalf("%d after %d", place, next-1)
		}
		if next++; next == floodOf {
			break
		}
		if next%5000 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	for next = range floodOf {
		if place := number(t, <-channel); place != next {
			t.Fatalf("%d after %d in the channel", place, next-1)
		}
	}
	if err := made.Disconnect(within(t)); err != nil {
		t.Fatal(err)
	}
	if event, open := <-channel; open {
		t.Fatalf("%s after the end", event.Type)
	}
}

func TestIterationEndsWithItsContext(t *testing.T) {
	made := session(t, peer(t, "", nil), nil)
	ctx, cancel := context.WithCancel(context.Background())
	events := made.Events(ctx)
	time.AfterFunc(20*time.Millisecond, cancel)
	var last error
	for _, err := range events {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Fatalf("it ended with %v", last)
	}
	// One that nobody reads is let go as well.
	soon(t, "no stream is left", func() bool {
		made.state.mutex.Lock()
		defer made.state.mutex.Unlock()
		return len(made.state.streams) == 0
	})
	if err := made.Disconnect(within(t)); err != nil {
		t.Fatal(err)
	}
	for event, err := range made.Events(within(t)) {
		t.Fatalf("%v, %v of a session that was left", event, err)
	}
}

func TestEventsHaveTheirHeader(t *testing.T) {
	client := peer(t, "", nil)
	made := session(t, client, nil)
	var seen []*Event
	made.On(func(event *Event) { seen = append(seen, event) })
	answer, err := made.SendAndWait(within(t), "zürich \"x\"", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Content() != "You said: zürich \"x\"" || answer.Type != EventAssistantMessage || answer.DeltaText() != "" {
		t.Fatalf("the answer is %+v", answer)
	}
	whole := ""
	for index, event := range seen {
		var other Event
		if err := json.Unmarshal(event.JSON(), &other); err != nil || other != *event {
			t.Fatalf("%+v is read as %+v (%v)", event, other, err)
		}
		if event.ID == "" || event.Time().IsZero() || event.AgentID != "" || (index > 0) != (event.ParentID != "") {
			t.Fatalf("the header is %+v", event)
		}
		whole += event.DeltaText()
	}
	if whole != answer.Content() {
		t.Fatalf("the deltas are %q", whole)
	}
	var data rpc.AssistantMessageData
	if err := answer.Decode(&data); err != nil || data.Content != answer.Content() || data.MessageID == "" {
		t.Fatalf("the data is %+v (%v)", data, err)
	}
	if _, has := answer.Text("/data/nothing"); has {
		t.Fatal("there is something where nothing is")
	}
	history, err := made.GetEvents(within(t))
	if err != nil || len(history) == 0 || history[0].Type != EventUserMessage {
		t.Fatalf("the history is %v (%v)", history, err)
	}
}

func TestHandlersByTypeAndLifecycle(t *testing.T) {
	lifecycle := make(chan *LifecycleEvent, 8)
	client := peer(t, `[{"on":{"method":"fake.news"},"do":[
	  {"notify":{"method":"session.lifecycle","params":{"type":"session.created","sessionId":"s1"}}},
	  {"notify":{"method":"fake.other","params":{"n":1}}}]}]`, func(options *ClientOptions) {
		options.OnLifecycle = func(event *LifecycleEvent) { lifecycle <- event }
	})
	others := make(chan *Notification, 8)
	off := client.OnNotification(func(news *Notification) { others <- news })
	more := make(chan *LifecycleEvent, 8)
	client.OnLifecycle(func(event *LifecycleEvent) { more <- event })
	_, _ = client.Invoke(within(t), "fake.news", nil)
	for _, channel := range []chan *LifecycleEvent{lifecycle, more} {
		if event := <-channel; event.Type != "session.created" || event.SessionID != "s1" || len(event.JSON()) == 0 {
			t.Fatalf("the event is %+v", event)
		}
	}
	if news := <-others; news.Method != "fake.other" || string(news.Params) != `{"n":1}` {
		t.Fatalf("the notification is %+v", news)
	}
	off()
	_, _ = client.Invoke(within(t), "fake.news", nil)
	if <-more; len(others) != 0 {
		t.Fatal("a handler ran that was removed")
	}
}
