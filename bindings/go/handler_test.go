package copilot

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// askUser asks a session's user.
func askUser(t *testing.T, client *Client, made *Session) map[string]any {
	t.Helper()
	return asks(t, client, "userInput.request", map[string]any{"sessionId": made.ID(), "question": "who?"})
}

func TestPanicOfAHandlerIsAnAnswer(t *testing.T) {
	client := peer(t, "", nil)
	handlers := map[string]UserInputHandler{
		"it broke": func(context.Context, *UserInputRequest) (UserInputAnswer, error) { panic("it broke") },
		"nil map": func(context.Context, *UserInputRequest) (UserInputAnswer, error) {
			var none map[string]int
			none["x"] = 1
			return UserInputAnswer{}, nil
		},
		"without an answer": func(context.Context, *UserInputRequest) (UserInputAnswer, error) {
			runtime.Goexit()
			return UserInputAnswer{}, nil
		},
		"no such user": func(context.Context, *UserInputRequest) (UserInputAnswer, error) {
			return UserInputAnswer{}, errors.New("no such user")
		},
	}
	for words, handler := range handlers {
		answer := askUser(t, client, session(t, client, &SessionConfig{OnUserInputRequest: handler}))
		failure, _ := answer["error"].(map[string]any)
		if message, _ := failure["message"].(string); !strings.Contains(message, words) {
			t.Errorf("%s: the answer is %v", words, answer)
		}
	}
	if _, err := client.Ping(within(t), "still there"); err != nil {
		t.Fatal(err)
	}
}

func TestEventHandlerThatEndsItsGoroutine(t *testing.T) {
	client := peer(t, "", nil)
	made := session(t, client, nil)
	var after, good atomic.Int32
	made.On(func(event *Event) {
		after.Add(1)
		if event.Type == EventAssistantMessage {
			runtime.Goexit()
		}
	})
	made.On(func(*Event) { good.Add(1) })
	if _, err := made.SendAndWait(within(t), "x", nil); err != nil {
		t.Fatal(err)
	}
	// The handlers behind it miss the one event.
	if after.Load() != 8 || good.Load() != 7 {
		t.Fatalf("%d and %d events", after.Load(), good.Load())
	}
}

func TestHandlerIsToldThatNobodyWaits(t *testing.T) {
	client := peer(t, "", nil)
	asked, over := make(chan struct{}), make(chan error, 1)
	made := session(t, client, &SessionConfig{
		OnUserInputRequest: func(ctx context.Context, _ *UserInputRequest) (UserInputAnswer, error) {
			close(asked)
			<-ctx.Done()
			over <- ctx.Err()
			return UserInputAnswer{}, ctx.Err()
		},
	})
	go func() {
		_, _ = client.Invoke(within(t), "fake.request",
			map[string]any{"method": "userInput.request", "params": map[string]any{"sessionId": made.ID(), "question": "?"}})
	}()
	<-asked
	if err := made.Disconnect(within(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-over:
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("the context ended with %v", err)
		}
	case <-within(t).Done():
		t.Fatal("the handler still waits")
	}
}

func TestHandlerKnowsItsSessionAndContext(t *testing.T) {
	type key struct{}
	client := peer(t, "", nil)
	seen := make(chan *Session, 1)
	ctx, cancel := context.WithCancel(context.WithValue(within(t), key{}, "ada"))
	made, err := client.CreateSession(ctx, &SessionConfig{
		OnUserInputRequest: func(ctx context.Context, _ *UserInputRequest) (UserInputAnswer, error) {
			owner, _ := SessionFromContext(ctx)
			seen <- owner
			who, _ := ctx.Value(key{}).(string)
			return UserInputAnswer{Answer: who}, ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// The end of that context is none of the handlers' business.
	cancel()
	answer := askUser(t, client, made)
	if result, _ := answer["result"].(map[string]any); result["answer"] != "ada" {
		t.Fatalf("the answer is %v", answer)
	}
	if <-seen != made {
		t.Fatal("it is another session")
	}
}

func TestCallsFromHandlers(t *testing.T) {
	client := peer(t, "", nil)
	made := session(t, client, nil)
	ends := make(chan error, 1)
	off := made.OnType(EventUserMessage, func(*Event) {
		_, err := client.Ping(within(t), "from a handler")
		if err == nil {
			err = made.Abort(within(t))
		}
		ends <- err
	})
	if _, err := made.SendAndWait(within(t), "x", nil); err != nil {
		t.Fatal(err)
	}
	if err := <-ends; err != nil {
		t.Fatal(err)
	}
	off()
	off()
	if _, err := made.SendAndWait(within(t), "y", nil); err != nil {
		t.Fatal(err)
	}
	if len(ends) != 0 {
		t.Fatal("a handler ran that was removed")
	}
}

func TestHandlerThatBlocksDoesNotHoldUpCalls(t *testing.T) {
	client := peer(t, "", nil)
	made := session(t, client, nil)
	events := make(chan *Event)
	made.On(func(event *Event) { events <- event })
	if _, err := client.Ping(within(t), "before"); err != nil {
		t.Fatal(err)
	}
	// The first event waits for somebody who reads, and he waits for the end of the call.
	started := time.Now()
	if _, err := made.SendAndWait(within(t), "x", nil); err != nil {
		t.Fatal(err)
	}
	if spent := time.Since(started); spent < patience || spent > 20*patience {
		t.Fatalf("the call took %v", spent)
	}
	for _, kind := range []string{EventUserMessage, EventAssistantTurnStart} {
		if event := <-events; event.Type != kind {
			t.Fatalf("%s instead of %s", event.Type, kind)
		}
	}
	go func() {
		for range events {
			continue
		}
	}()
	if _, err := client.CreateSession(within(t), nil); err != nil {
		t.Fatal(err)
	}
	if err := made.Disconnect(within(t)); err != nil {
		t.Fatal(err)
	}
	close(events)
}

func TestClosingFromCallbacks(t *testing.T) {
	for name, closing := range map[string]func(*Client, *Session) error{
		"disconnect":   func(_ *Client, made *Session) error { return made.Disconnect(context.Background()) },
		"close":        func(_ *Client, made *Session) error { return made.Close() },
		"stop":         func(client *Client, _ *Session) error { return client.Stop(context.Background()) },
		"close client": func(client *Client, _ *Session) error { return client.Close() },
	} {
		client := peer(t, "", nil)
		ends := make(chan error, 2)
		var made *Session
		ready := make(chan struct{})
		made = session(t, client, &SessionConfig{OnUserInputRequest: func(context.Context, *UserInputRequest) (UserInputAnswer, error) {
			<-ready
			ends <- closing(client, made)
			return UserInputAnswer{}, nil
		}})
		close(ready)
		go func() {
			_, _ = client.Invoke(within(t), "fake.request",
				map[string]any{"method": "userInput.request", "params": map[string]any{"sessionId": made.ID(), "question": "?"}})
		}()
		if err := <-ends; err != nil {
			t.Errorf("%s in a question: %v", name, err)
		}
		client = peer(t, "", nil)
		made = session(t, client, nil)
		made.OnType(EventAssistantMessage, func(*Event) { ends <- closing(client, made) })
		_, _ = made.Send(within(t), "x", nil)
		select {
		case err := <-ends:
			if err != nil {
				t.Errorf("%s in an event: %v", name, err)
			}
		case <-time.After(60 * time.Second):
			t.Fatalf("%s in an event waits for itself", name)
		}
	}
}

func TestLostConnectionEndsTheIteration(t *testing.T) {
	client := peer(t, `[{"on":{"method":"session.send"},"do":[{"reply":"default"},{"exit":3}]}]`, nil)
	made := session(t, client, nil)
	events := made.Events(within(t))
	_, _ = made.Send(within(t), "x", nil)
	var last error
	for _, err := range events {
		last = err
	}
	if !errors.Is(last, ErrProcessExited) {
		t.Fatalf("it ended with %v", last)
	}
	// The client can be started again, and the old session stays closed.
	if _, err := client.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := made.Send(within(t), "x", nil); err == nil {
		t.Fatal("a lost session took a message")
	}
}
