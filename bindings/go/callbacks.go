package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
)

// What the library calls. These run on the library's own thread and only hand over: handlers run elsewhere.

//export copilotGoEvent
func copilotGoEvent(user C.uintptr_t, from *C.copilot_go_event) {
	owner(user).(*attachment).session.event(newEvent(from))
}

//export copilotGoNotification
func copilotGoNotification(user C.uintptr_t, lifecycle C.int, name, params *C.copilot_go_text) {
	state := owner(user).(*clientState)
	method, text := goText(name), json.RawMessage(goText(params))
	if state.modelMessage(method, text) {
		return
	}
	state.queue.push(func() {
		if lifecycle != 0 {
			event := &LifecycleEvent{raw: text}
			if json.Unmarshal(text, event) == nil {
				tell(state, "lifecycle", state.lifecycle, event)
			}
			return
		}
		tell(state, method, state.notifications, &Notification{Method: method, Params: text})
	})
}

// tell runs the handlers in the order in which they were added.
func tell[E any](state *clientState, what string, handlers map[uint64]func(E), news E) {
	state.mutex.Lock()
	numbers := slices.Sorted(maps.Keys(handlers))
	state.mutex.Unlock()
	for _, number := range numbers {
		state.mutex.Lock()
		handler, there := handlers[number]
		state.mutex.Unlock()
		if there {
			state.guarded(what, func() { handler(news) })
		}
	}
}

//export copilotGoClosed
func copilotGoClosed(user, failure C.uintptr_t) {
	state := owner(user).(*clientState)
	state.endAll(takeError(failure))
}

// callFunc answers a question: what it returns is sent as JSON.
type callFunc func(ctx context.Context, name string, args []byte) (any, error)

// handler is what C holds for one handler of a session.
type handler struct {
	session *sessionState
	answer  callFunc
}

func (h *handler) letGo() {}

// question is a call of C that waits for its answer.
type question struct {
	cancel context.CancelFunc
}

func (q *question) letGo() {}

//export copilotGoCall
func copilotGoCall(user, call, session C.uintptr_t, kind C.uint32_t, name, args *C.copilot_go_text) {
	words, text := goText(name), []byte(goText(args))
	switch asked := owner(user).(type) {
	case *handler:
		go answer(asked.session.context(), asked.session.client, call, CallKind(kind), words, text, asked.answer)
	case *clientState:
		asked.expectMessages(CallKind(kind), text)
		ctx, by := asked.base, asked.handlers[CallKind(kind)]
		if of := asked.session(session); of != nil && CallKind(kind) == CallTool {
			// A tool that came after the session was made.
			ctx, by = of.context(), of.toolCall
		}
		go answer(ctx, asked, call, CallKind(kind), words, text, by)
	}
}

func (s *sessionState) context() context.Context { return context.WithValue(s.base, sessionKey{}, s) }

// session is the open session with this handle.
func (c *clientState) session(handle C.uintptr_t) *sessionState {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.open[handle]
}

//export copilotGoCancelled
func copilotGoCancelled(user C.uintptr_t) { owner(user).(*question).cancel() }

// answer runs a handler and sends what it says.
func answer(ctx context.Context, client *clientState, call C.uintptr_t, kind CallKind, name string, args []byte, by callFunc) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if failure := C.copilot_go_call_on_cancel(call, own(&question{cancel})); failure != 0 {
		C.copilot_go_error_free(failure)
	}
	// Also for a handler that ends its goroutine.
	result, err := any(nil), error(&CallError{Message: "the handler ended without an answer"})
	defer func() { reply(call, kind, result, err) }()
	result, err = safely(ctx, client, kind, name, args, by)
}

// safely turns a panic of a handler into an error.
func safely(ctx context.Context, client *clientState, kind CallKind, name string, args []byte, by callFunc) (result any, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			client.logger.Error("copilot: a handler panicked", "handler", kind.String(), "name", name, "panic", failure,
				"stack", string(debug.Stack()))
			result, err = nil, &CallError{Message: fmt.Sprint(failure)}
		}
	}()
	if by == nil {
		return nil, &CallError{Message: "nobody answers " + kind.String()}
	}
	return by(ctx, name, args)
}

func reply(call C.uintptr_t, kind CallKind, result any, err error) {
	var failure C.uintptr_t
	if err == nil {
		if words, isText := result.(string); isText && kind == CallTool {
			failure = C.copilot_go_call_reply_text(call, str(words))
		} else if text, wrong := json.Marshal(result); wrong != nil {
			err = badJSON("the answer of a handler", wrong)
		} else {
			failure = C.copilot_go_call_reply(call, str(string(text)))
		}
	}
	if err != nil {
		failure = fail(call, err)
	}
	if failure != 0 {
		// Nobody waits for the answer any more.
		C.copilot_go_error_free(failure)
		C.copilot_go_call_free(call)
	}
}
