package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
)

// On adds a handler for every event of the session from now on; the first one of a session that nothing was asked of before also gets
// the events since the session was made. The function it returns removes the handler; a second call of it does nothing.
//
// Handlers of a client run one at a time, in the order of the events, on a goroutine of the client. They may make calls. A call that
// somebody else makes ends when the handlers have seen the events that came first; it does not wait for a handler that blocks. A panic is
// logged.
func (s *Session) On(handler func(*Event)) (off func()) { return s.OnType("", handler) }

// OnType is On for events of one type.
func (s *Session) OnType(eventType string, handler func(*Event)) (off func()) {
	number := s.state.listen(eventType, handler)
	s.state.attach()
	runtime.KeepAlive(s)
	return func() { s.state.unlisten(number) }
}

func (s *sessionState) listen(only string, run func(*Event)) uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.next++
	s.handlers = append(slices.Clone(s.handlers), eventHandler{number: s.next, only: only, run: run})
	return s.next
}

func (s *sessionState) unlisten(number uint64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.handlers = slices.DeleteFunc(slices.Clone(s.handlers), func(each eventHandler) bool { return each.number == number })
}

// attach makes the library tell the session's events, from the first handler on.
func (s *sessionState) attach() {
	s.mutex.Lock()
	handle, attached := s.handle, s.attached
	s.attached = true
	s.mutex.Unlock()
	if attached || handle == 0 {
		return
	}
	if failure := C.copilot_go_session_on(handle, own(&attachment{s}), nil); failure != 0 {
		C.copilot_go_error_free(failure)
	}
}

// attachment is the library's only listener of a session. It is let go when the session is left.
type attachment struct{ session *sessionState }

func (a *attachment) letGo() { a.session.end(nil) }

// event brings one event to those who listen.
func (s *sessionState) event(event *Event) {
	s.mutex.Lock()
	listens := len(s.handlers) > 0
	for each := range s.streams {
		each.put(event)
	}
	s.mutex.Unlock()
	if !listens {
		return
	}
	s.client.queue.push(func() {
		s.mutex.Lock()
		handlers := s.handlers
		s.mutex.Unlock()
		for _, each := range handlers {
			if each.only == "" || each.only == event.Type {
				s.client.guarded("event "+event.Type, func() { each.run(event) })
			}
		}
	})
}

// end ends the iterations over the session's events.
func (s *sessionState) end(err error) {
	s.client.forget(s)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended {
		return
	}
	s.ended, s.reason = true, err
	for each := range s.streams {
		each.finish(err)
	}
	clear(s.streams)
}

func (s *sessionState) isOver() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.ended
}

func (c *clientState) forget(session *sessionState) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.open[session.key] == session {
		delete(c.open, session.key)
	}
}

// stream is a place where events wait for one reader, as many as there are.
type stream struct {
	mutex  sync.Mutex
	events []*Event
	over   bool
	err    error
	news   chan struct{}
}

func (s *stream) put(event *Event) {
	s.mutex.Lock()
	s.events = append(s.events, event)
	s.mutex.Unlock()
	s.wake()
}

func (s *stream) finish(err error) {
	s.mutex.Lock()
	if !s.over {
		s.over, s.err = true, err
	}
	s.mutex.Unlock()
	s.wake()
}

func (s *stream) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// take gives what waits; over: nothing more will come.
func (s *stream) take() (events []*Event, over bool, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	events, s.events = s.events, nil
	return events, s.over, s.err
}

// Events iterates over the session's events, beginning with those that come after this call. It ends when the session is left or its
// client stopped; with an error when the connection is lost, or ctx ends. A slow reader misses nothing: events wait for it.
//
//	for event, err := range session.Events(ctx) { … }
//
// The events may be read once. What waits is given up when the loop is left or ctx ends.
func (s *Session) Events(ctx context.Context) iter.Seq2[*Event, error] {
	made := &stream{news: make(chan struct{}, 1)}
	s.state.mutex.Lock()
	if s.state.ended {
		made.over, made.err = true, s.state.reason
	} else {
		s.state.streams[made] = struct{}{}
	}
	s.state.mutex.Unlock()
	s.state.attach()
	state := s.state
	leave := func() {
		state.mutex.Lock()
		delete(state.streams, made)
		state.mutex.Unlock()
	}
	// Also when nobody ever reads.
	stop := context.AfterFunc(ctx, leave)
	return func(yield func(*Event, error) bool) {
		defer stop()
		defer leave()
		defer runtime.KeepAlive(s)
		for {
			if ctx.Err() != nil {
				yield(nil, contextError(ctx))
				return
			}
			events, over, err := made.take()
			for _, event := range events {
				if !yield(event, nil) {
					return
				}
			}
			if over && len(events) == 0 {
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if over {
				continue
			}
			select {
			case <-made.news:
			case <-ctx.Done():
			}
		}
	}
}

// EventChannel is Events as a channel, for select. The channel is closed at the end; errors are not told apart. The goroutine behind it
// ends with ctx, or with the session.
func (s *Session) EventChannel(ctx context.Context) <-chan *Event {
	events := s.Events(ctx)
	channel := make(chan *Event)
	go func() {
		defer close(channel)
		for event, err := range events {
			if err != nil {
				return
			}
			select {
			case channel <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return channel
}

type sessionKey struct{}

// SessionFromContext is the session whose handler was called with this context; false in handlers of the client, and as long as the
// session is still being made.
func SessionFromContext(ctx context.Context) (*Session, bool) {
	state, there := ctx.Value(sessionKey{}).(*sessionState)
	if !there {
		return nil, false
	}
	state.mutex.Lock()
	session := state.self.Value()
	state.mutex.Unlock()
	return session, session != nil
}
