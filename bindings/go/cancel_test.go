package copilot

import (
	"context"
	"errors"
	"testing"
	"time"
)

const silent = `[{"on":{"method":"fake.silent"},"do":[{"noReply":true}]},
 {"on":{"method":"session.create","nth":2},"do":[{"sleep":200},{"builtin":true}]},
 {"on":{"method":"session.send"},"do":[{"reply":"default"}]}]`

func TestDeadlineEndsACall(t *testing.T) {
	client := peer(t, silent, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	_, err := client.Invoke(ctx, "fake.silent", nil)
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) || errors.Is(err, ErrCancelled) {
		t.Fatalf("the error is %v", err)
	}
	if spent := time.Since(started); spent < 50*time.Millisecond || spent > 60*time.Second {
		t.Fatalf("it took %v", spent)
	}
	soon(t, "the engine gave the call up too", func() bool {
		seen, err := client.Diagnostics()
		return err == nil && seen.PendingCalls == 0 && seen.Counters["callsAbandoned"] == 1
	})
}

func TestCancelEndsACallWithItsCause(t *testing.T) {
	client := peer(t, silent, nil)
	made := session(t, client, nil)
	why := errors.New("the user went home")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(30*time.Millisecond, func() { cancel(why) })
	_, err := made.SendAndWait(ctx, "x", nil)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrCancelled) || !errors.Is(err, why) {
		t.Fatalf("the error is %v", err)
	}
	// The turn goes on, and the session is usable.
	if err := made.Abort(within(t)); err != nil {
		t.Fatal(err)
	}
}

func TestEndedContextMakesNoCall(t *testing.T) {
	client := peer(t, "", nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before, _ := client.Diagnostics()
	if _, err := client.Ping(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	if after, _ := client.Diagnostics(); after.Counters["calls"] != before.Counters["calls"] {
		t.Fatal("a call was made")
	}
}

// The engine waits for the runtime's answer and leaves the session there too.
func TestCancelledCreationLeavesNothing(t *testing.T) {
	client := peer(t, silent, nil)
	session(t, client, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.CreateSession(ctx, &SessionConfig{OnEvent: func(*Event) {}}); !errors.Is(err, ErrTimeout) {
		t.Fatalf("the error is %v", err)
	}
	soon(t, "one session is open", func() bool {
		seen, err := client.Diagnostics()
		return err == nil && seen.OpenSessions == 1
	})
}

func TestOwnTimeoutTellsWhatWasSeen(t *testing.T) {
	client := peer(t, silent, nil)
	_, err := session(t, client, nil).SendAndWait(within(t), "x", &SendOptions{Timeout: 40 * time.Millisecond})
	var own *Error
	if !errors.As(err, &own) || own.Kind != KindTimeout || own.Reason == nil || own.Reason.Code != ReasonTimeoutTurn {
		t.Fatalf("the error is %#v", err)
	}
	if _, has := own.Reason.Params["seen"]; !has {
		t.Fatalf("the reason is %v", own.Reason)
	}
}

func TestManyCancelledCallsBesideOthers(t *testing.T) {
	client := peer(t, silent, nil)
	ends := make(chan error)
	for number := range 200 {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(number%20)*time.Millisecond)
			defer cancel()
			_, err := client.Invoke(ctx, "fake.silent", nil)
			if !errors.Is(err, ErrTimeout) {
				ends <- errors.Join(errors.New("no timeout"), err)
				return
			}
			_, err = client.Ping(within(t), "x")
			ends <- err
		}()
	}
	for range 200 {
		if err := <-ends; err != nil {
			t.Fatal(err)
		}
	}
}
