package copilot

import (
	"errors"
	"testing"
)

func TestErrorsOfTheRuntimeAreTyped(t *testing.T) {
	client := peer(t, `[{"on":{"method":"fake.refuse"},"do":[{"reply":{"error":{"code":-32042,"message":"no","data":{"why":"x"}}}}]}]`, nil)
	_, err := client.Invoke(within(t), "fake.refuse", nil)
	var own *Error
	if !errors.As(err, &own) || !errors.Is(err, ErrRPC) || errors.Is(err, ErrTimeout) {
		t.Fatalf("the error is %v", err)
	}
	if own.Code != -32042 || string(own.Data) != `{"why":"x"}` || own.Message != "no" {
		t.Fatalf("the error is %#v", own)
	}
}

func TestBadInputIsRefusedByTheEngine(t *testing.T) {
	cases := map[string]struct {
		options *ClientOptions
		kind    error
	}{
		"unknown option": {&ClientOptions{Extra: map[string]any{"colour": "red"}}, ErrInvalidArgument},
		"no connection":  {&ClientOptions{Connection: &Connection{Kind: "pigeon"}}, ErrInvalidArgument},
		"no runtime":     {&ClientOptions{Connection: Stdio("/does/not/exist")}, ErrRuntimeNotFound},
		"no JSON":        {&ClientOptions{Extra: map[string]any{"env": func() {}}}, ErrInvalidType},
	}
	for name, each := range cases {
		client, err := NewClient(each.options)
		if err == nil {
			_, err = client.Start(within(t))
			_ = client.Close()
		}
		if !errors.Is(err, each.kind) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	client := peer(t, "", nil)
	if _, err := client.Ping(within(t), "\xff"); !errors.Is(err, ErrBadText) {
		t.Errorf("the error is %v", err)
	}
	if _, err := client.Invoke(within(t), "ping", []int{1}); err == nil {
		t.Error("a list was taken for parameters")
	}
	if _, err := client.CreateSession(within(t), &SessionConfig{Extra: map[string]any{"tools": 7}}); err == nil {
		t.Error("a number was taken for tools")
	}
}

func TestClosedThingsFail(t *testing.T) {
	client := peer(t, "", nil)
	left, closed := session(t, client, nil), session(t, client, nil)
	if err := left.Disconnect(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := left.Send(within(t), "x", nil); !errors.Is(err, ErrSessionClosed) {
		t.Errorf("the error is %v", err)
	}
	_, _ = closed.Close(), closed.Close()
	if _, err := closed.Send(within(t), "x", nil); !errors.Is(err, ErrBadHandle) {
		t.Errorf("the error is %v", err)
	}
	_, _ = client.Close(), client.Close()
	if _, err := client.Ping(within(t), "x"); !errors.Is(err, ErrBadHandle) {
		t.Errorf("the error is %v", err)
	}
	if err := client.Notify("x", nil); !errors.Is(err, ErrBadHandle) {
		t.Errorf("the error is %v", err)
	}
}

func TestKindsHaveTheNamesOfTheEngine(t *testing.T) {
	if len(kindNames) != 24 {
		t.Fatalf("%d kinds have names", len(kindNames))
	}
	if Kind(99).String() != "Kind(99)" || KindRPC.String() != "Rpc" || CallKind(99).String() != "CallKind(99)" {
		t.Fatal("names are not as they should be")
	}
}
