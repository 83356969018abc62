package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"runtime/cgo"
	"sync/atomic"
	"time"
	"unsafe"
)

// Texts that are empty but there need an address.
var present [1]byte

// str lends a text to C for the time of one call.
func str(text string) C.copilot_str {
	if text == "" {
		return C.copilot_str{data: (*C.char)(unsafe.Pointer(&present[0]))}
	}
	return C.copilot_str{data: (*C.char)(unsafe.Pointer(unsafe.StringData(text))), len: C.size_t(len(text))}
}

// optional is like str, but "" means that there is no text.
func optional(text string) C.copilot_str {
	if text == "" {
		return C.copilot_str{}
	}
	return str(text)
}

// goText copies a text of C.
func goText(text *C.copilot_go_text) string {
	if text.len == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text.data)), int(text.len)))
}

// takeString copies a string of the library and frees it; false if there is none.
func takeString(handle C.uintptr_t) (string, bool) {
	if handle == 0 {
		return "", false
	}
	var length C.size_t
	data := C.copilot_go_string(handle, &length)
	text := string(unsafe.Slice((*byte)(unsafe.Pointer(data)), int(length)))
	C.copilot_go_string_free(handle)
	return text, true
}

// owned is what C keeps a number for. It is let go when C has no more use for it.
type owned interface{ letGo() }

// own makes the number by which C names a value. Whatever becomes of the call that gets it, C calls copilotGoDestroy for it once.
func own(value owned) C.uintptr_t { return C.uintptr_t(cgo.NewHandle(value)) }

func owner(user C.uintptr_t) any { return cgo.Handle(user).Value() }

//export copilotGoDestroy
func copilotGoDestroy(user C.uintptr_t) {
	handle := cgo.Handle(user)
	value := handle.Value().(owned)
	handle.Delete()
	value.letGo()
}

// outcome is how an operation ended.
type outcome struct {
	text    string
	session C.uintptr_t
	err     error
}

// How a pending operation stands.
const (
	waits   int32 = iota
	ended         // its end was handed over
	givenUp       // the caller has gone
)

// pending is an operation that somebody waits for.
type pending struct {
	client *clientState
	ended  chan outcome
	// The end is there, but waits behind news that came first.
	queued chan struct{}
	end    outcome
	// One side wins: the end of the operation, or the caller who gives it up.
	state atomic.Int32
	// The caller is a handler that runs in the client's queue: the end must not wait behind it.
	direct bool
}

func (p *pending) letGo() {}

// settle hands the end over, unless the caller has it already or has gone.
func (p *pending) settle(end outcome) {
	if p.state.CompareAndSwap(waits, ended) {
		p.ended <- end
	} else if end.session != 0 && p.state.Load() == givenUp {
		C.copilot_go_session_free(end.session)
	}
}

// patience is how long a handler may take before calls no longer wait for it: it may itself wait for the one who made the call.
const patience = 250 * time.Millisecond

// turn waits until the end's turn in the queue has come, or nothing moves there.
func (p *pending) turn(ctx context.Context) (outcome, bool) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for moved := p.client.queue.moved.Load(); ; {
		select {
		case end := <-p.ended:
			return end, true
		case <-ctx.Done():
			return outcome{}, false
		case <-timer.C:
		}
		if now := p.client.queue.moved.Load(); now != moved {
			moved = now
			timer.Reset(patience)
		} else if p.state.CompareAndSwap(waits, ended) {
			return p.end, true
		}
	}
}

//export copilotGoDone
func copilotGoDone(user, failure C.uintptr_t, data *C.char, length C.size_t) {
	waiting := owner(user).(*pending)
	end := outcome{err: takeError(failure)}
	if end.err == nil && length > 0 {
		end.text = string(unsafe.Slice((*byte)(unsafe.Pointer(data)), int(length)))
	}
	waiting.client.queue.complete(waiting, end)
}

//export copilotGoOpened
func copilotGoOpened(user, failure, session C.uintptr_t) {
	waiting := owner(user).(*pending)
	waiting.client.queue.complete(waiting, outcome{session: session, err: takeError(failure)})
}

// wait submits an operation and waits for its end or for the end of the context, in which case the operation is cancelled.
func (c *clientState) wait(ctx context.Context, submit func(user C.uintptr_t, running *C.uintptr_t) C.uintptr_t) (outcome, error) {
	if ctx.Err() != nil {
		return outcome{}, contextError(ctx)
	}
	waiting := &pending{
		client: c, ended: make(chan outcome, 1), queued: make(chan struct{}, 1), direct: c.queue.isHere(),
	}
	var running C.uintptr_t
	if failure := submit(own(waiting), &running); failure != 0 {
		return outcome{}, takeError(failure)
	}
	defer C.copilot_go_op_free(running)
	select {
	case end := <-waiting.ended:
		return end, end.err
	case <-waiting.queued:
		if end, came := waiting.turn(ctx); came {
			return end, end.err
		}
	case <-ctx.Done():
	}
	if !waiting.state.CompareAndSwap(waits, givenUp) {
		end := <-waiting.ended
		return end, end.err
	}
	C.copilot_go_cancel(running)
	return outcome{}, contextError(ctx)
}

// op is one of the operations that end with a JSON text.
type op C.uint32_t

// run makes an operation with up to two texts.
func (c *clientState) run(ctx context.Context, what op, self C.uintptr_t, a, b C.copilot_str) (string, error) {
	end, err := c.wait(ctx, func(user C.uintptr_t, running *C.uintptr_t) C.uintptr_t {
		return C.copilot_go_start(C.uint32_t(what), self, a, b, user, running)
	})
	return end.text, err
}
