package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"encoding/json"
	"maps"
	"runtime"
	"sync"
	"weak"
)

// Session is a conversation with the agent. All its methods may be called from any goroutine at any time.
//
// A session lives as long as its client, or until Disconnect or Close.
type Session struct {
	state   *sessionState
	client  *Client
	cleanup runtime.Cleanup
}

// sessionState is what the library's callbacks reach. It does not know the Session, which can so be collected.
type sessionState struct {
	client *clientState
	// What handlers of the session are asked with.
	base context.Context
	self weak.Pointer[Session]
	// The handle that it was opened with, also when it is closed.
	key C.uintptr_t

	mutex    sync.Mutex
	handle   C.uintptr_t
	id       string
	attached bool
	next     uint64
	handlers []eventHandler
	tools    map[string]ToolHandler
	streams  map[*stream]struct{}
	ended    bool
	reason   error
}

func (s *sessionState) letGo() {}

type eventHandler struct {
	number uint64
	only   string
	run    func(*Event)
}

// CreateSession opens a new session; it starts the client when needed. config may be nil. The values of ctx are there in the
// contexts of the session's handlers; its end is not.
func (c *Client) CreateSession(ctx context.Context, config *SessionConfig) (*Session, error) {
	return c.openSession(ctx, C.copilot_str{}, config)
}

// ResumeSession opens a session that exists already, by its id. Otherwise it is like CreateSession.
func (c *Client) ResumeSession(ctx context.Context, sessionID string, config *SessionConfig) (*Session, error) {
	return c.openSession(ctx, str(sessionID), config)
}

func (c *Client) openSession(ctx context.Context, id C.copilot_str, config *SessionConfig) (*Session, error) {
	if config == nil {
		config = &SessionConfig{}
	}
	state := &sessionState{client: c.state, base: context.WithoutCancel(ctx), streams: map[*stream]struct{}{}}
	made, err := config.build(state)
	if err != nil {
		return nil, err
	}
	defer C.copilot_go_config_free(made)
	end, err := c.state.wait(ctx, func(user C.uintptr_t, running *C.uintptr_t) C.uintptr_t {
		return C.copilot_go_open(c.state.self(), id, made, user, running)
	})
	if err != nil {
		return nil, err
	}
	session := &Session{state: state, client: c}
	session.cleanup = runtime.AddCleanup(session, func(handle C.uintptr_t) { C.copilot_go_session_free(handle) }, end.session)
	state.opened(session, end.session)
	c.opened(session)
	runtime.KeepAlive(c)
	return session, nil
}

func (s *sessionState) opened(session *Session, handle C.uintptr_t) {
	s.client.mutex.Lock()
	s.key = handle
	s.client.open[handle] = s
	s.client.mutex.Unlock()
	s.mutex.Lock()
	s.handle, s.self = handle, weak.Make(session)
	s.mutex.Unlock()
	id := ""
	if known, err := s.info(); err == nil {
		id = known.SessionID
	}
	s.mutex.Lock()
	s.id = id
	over := s.ended
	s.mutex.Unlock()
	if over {
		s.client.forget(s)
	}
}

func (s *sessionState) number() C.uintptr_t {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.handle
}

func (s *sessionState) info() (*SessionState, error) {
	var made C.uintptr_t
	if err := takeError(C.copilot_go_session_state(s.number(), &made)); err != nil {
		return nil, err
	}
	text, _ := takeString(made)
	return decoded[SessionState](text, nil)
}

func (s *Session) call(ctx context.Context, what op, a, b C.copilot_str) (string, error) {
	text, err := s.state.client.run(ctx, what, s.state.number(), a, b)
	runtime.KeepAlive(s)
	return text, err
}

// ID is the session's id.
func (s *Session) ID() string {
	s.state.mutex.Lock()
	defer s.state.mutex.Unlock()
	return s.state.id
}

// Client is the client that the session belongs to.
func (s *Session) Client() *Client { return s.client }

// State is what is known of the session without asking the runtime.
func (s *Session) State() (*SessionState, error) {
	state, err := s.state.info()
	runtime.KeepAlive(s)
	return state, err
}

// Counters counts the session's events.
func (s *Session) Counters() (Counters, error) {
	var counters C.copilot_counters
	err := takeError(C.copilot_go_session_counters(s.state.number(), &counters))
	runtime.KeepAlive(s)
	return countersOf(&counters), err
}

// Send sends a message and returns its id as soon as the runtime has it; what the agent says comes as events. options may be nil.
func (s *Session) Send(ctx context.Context, prompt string, options *SendOptions) (string, error) {
	more, err := options.text()
	if err != nil {
		return "", err
	}
	text, err := s.call(ctx, C.GO_SESSION_SEND, str(prompt), optional(more))
	sent, err := decoded[struct {
		MessageID string `json:"messageId"`
	}](text, err)
	if err != nil {
		return "", err
	}
	return sent.MessageID, nil
}

// SendAndWait sends a message and waits until the agent has finished with it. The answer is the last assistant.message, nil when there
// was none. The end of ctx ends only the wait: Abort ends the work. Handlers have seen every event of the turn when it returns.
func (s *Session) SendAndWait(ctx context.Context, prompt string, options *SendOptions) (*Event, error) {
	more, err := options.text()
	if err != nil {
		return nil, err
	}
	text, err := s.call(ctx, C.GO_SESSION_SEND_AND_WAIT, str(prompt), optional(more))
	if err != nil || text == "" || text == "null" {
		return nil, err
	}
	return decoded[Event](text, nil)
}

// SendForValue sends a message whose answer has to follow a JSON Schema and waits for it. An agent whose answer does not is told what
// was wrong and asked again, retries times (0: as often as the engine does by itself); then the error is ErrSchemaMismatch.
func (s *Session) SendForValue(ctx context.Context, prompt string, schema any, retries int, options *SendOptions) (*Answer, error) {
	with := SendOptions{}
	if options != nil {
		with = *options
	}
	extra := map[string]any{"responseSchema": schema}
	if retries > 0 {
		extra["responseRetries"] = retries
	}
	for name, value := range with.Extra {
		extra[name] = value
	}
	with.Extra = extra
	more, err := with.text()
	if err != nil {
		return nil, err
	}
	text, err := s.call(ctx, C.GO_SESSION_SEND_AND_WAIT, str(prompt), str(more))
	return decoded[Answer](text, err)
}

// GetEvents asks for every event of the session so far, oldest first.
func (s *Session) GetEvents(ctx context.Context) ([]*Event, error) {
	text, err := s.call(ctx, C.GO_SESSION_GET_EVENTS, C.copilot_str{}, C.copilot_str{})
	list, err := decoded[struct {
		Events []*Event `json:"events"`
	}](text, err)
	if err != nil {
		return nil, err
	}
	return list.Events, nil
}

// Abort asks the agent to stop what it is doing.
func (s *Session) Abort(ctx context.Context) error {
	_, err := s.call(ctx, C.GO_SESSION_ABORT, C.copilot_str{}, C.copilot_str{})
	return err
}

// Disconnect lets go of the session: waits end with ErrSessionClosed, the contexts of its handlers end, iterations over its events end.
// Its state stays on disk and can be resumed.
func (s *Session) Disconnect(ctx context.Context) error {
	_, err := s.call(ctx, C.GO_SESSION_DISCONNECT, C.copilot_str{}, C.copilot_str{})
	if err == nil {
		s.leave()
	}
	return err
}

// leave is what remains to be done when nothing more comes.
func (s *Session) leave() {
	s.client.mutex.Lock()
	delete(s.client.sessions, s)
	s.client.mutex.Unlock()
	s.state.end(nil)
}

// Close is Disconnect without waiting for the runtime. It always gives nil; a second Close does nothing.
func (s *Session) Close() error {
	s.leave()
	s.free()
	return nil
}

func (s *Session) free() {
	s.state.mutex.Lock()
	handle := s.state.handle
	s.state.handle = 0
	s.state.mutex.Unlock()
	if handle != 0 {
		s.cleanup.Stop()
		C.copilot_go_session_free(handle)
		s.client.mutex.Lock()
		delete(s.client.unfreed, weak.Make(s))
		s.client.mutex.Unlock()
	}
	s.state.end(nil)
	runtime.KeepAlive(s)
}

// Invoke calls any method of the runtime for this session, whose id is added to params. Otherwise it is like Client.Invoke.
func (s *Session) Invoke(ctx context.Context, method string, params any) (json.RawMessage, error) {
	text, err := encoded("params", params)
	if err != nil {
		return nil, err
	}
	return raw(s.call(ctx, C.GO_SESSION_INVOKE, str(method), optional(text)))
}

// SetModel changes the model from the next message on; the conversation so far is kept. options may be nil.
func (s *Session) SetModel(ctx context.Context, model string, options *ModelOptions) error {
	text, err := encodedOptions(options)
	if err != nil {
		return err
	}
	_, err = s.call(ctx, C.GO_SESSION_SET_MODEL, str(model), optional(text))
	return err
}

// SetAutoTier changes how the automatic choice of models weighs cost and ability; "" stands for the default.
func (s *Session) SetAutoTier(ctx context.Context, tier string) (json.RawMessage, error) {
	text := "null"
	if tier != "" {
		quoted, err := encoded("tier", tier)
		if err != nil {
			return nil, err
		}
		text = quoted
	}
	return raw(s.call(ctx, C.GO_SESSION_SET_AUTO_TIER, str(text), C.copilot_str{}))
}

// setTools serves the old and the new tools until the runtime has agreed.
func (s *Session) setTools(ctx context.Context, text, options string, served map[string]ToolHandler) error {
	s.state.mutex.Lock()
	before := s.state.tools
	s.state.tools = maps.Clone(before)
	if s.state.tools == nil {
		s.state.tools = map[string]ToolHandler{}
	}
	maps.Copy(s.state.tools, served)
	s.state.mutex.Unlock()
	_, err := s.call(ctx, C.GO_SESSION_SET_TOOLS, str(text), str(options))
	s.state.mutex.Lock()
	defer s.state.mutex.Unlock()
	s.state.tools = served
	if err != nil {
		s.state.tools = before
	}
	return err
}

// Log writes a line into the session's timeline and returns the id of its event, "" when the runtime names none.
func (s *Session) Log(ctx context.Context, message string, options *LogOptions) (string, error) {
	more, err := encodedOptions(options)
	if err != nil {
		return "", err
	}
	text, err := s.call(ctx, C.GO_SESSION_LOG, str(message), optional(more))
	logged, err := decoded[struct {
		EventID string `json:"eventId"`
	}](text, err)
	if err != nil {
		return "", err
	}
	return logged.EventID, nil
}

// CancelTask ends a task that runs in the background; false when there is no such task.
func (s *Session) CancelTask(ctx context.Context, id string) (bool, error) {
	text, err := s.call(ctx, C.GO_SESSION_CANCEL_TASK, str(id), C.copilot_str{})
	task, err := decoded[struct {
		Cancelled bool `json:"cancelled"`
	}](text, err)
	if err != nil {
		return false, err
	}
	return task.Cancelled, nil
}

// Confirm asks the user yes or no. ErrUnsupported, here and in the next three, when the host cannot ask.
func (s *Session) Confirm(ctx context.Context, message string) (bool, error) {
	answer, err := decoded[bool](s.call(ctx, C.GO_SESSION_CONFIRM, str(message), C.copilot_str{}))
	return err == nil && *answer, err
}

// Select asks the user to choose one of several texts; nil when none was chosen.
func (s *Session) Select(ctx context.Context, message string, choices []string) (*string, error) {
	if choices == nil {
		choices = []string{}
	}
	text, err := encoded("choices", choices)
	if err != nil {
		return nil, err
	}
	chosen, err := decoded[*string](s.call(ctx, C.GO_SESSION_SELECT, str(message), str(text)))
	if err != nil {
		return nil, err
	}
	return *chosen, nil
}

// Input asks the user for a text; nil when none was given. options may be nil.
func (s *Session) Input(ctx context.Context, message string, options *InputOptions) (*string, error) {
	more, err := encodedOptions(options)
	if err != nil {
		return nil, err
	}
	given, err := decoded[*string](s.call(ctx, C.GO_SESSION_INPUT, str(message), optional(more)))
	if err != nil {
		return nil, err
	}
	return *given, nil
}

// Elicit asks the user to fill in a form, which schema describes as a JSON Schema.
func (s *Session) Elicit(ctx context.Context, message string, schema any) (*ElicitationAnswer, error) {
	text, err := encoded("schema", schema)
	if err != nil {
		return nil, err
	}
	return decoded[ElicitationAnswer](s.call(ctx, C.GO_SESSION_ELICIT, str(message), optional(text)))
}
