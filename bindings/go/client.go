package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"sync"
	"weak"
)

// Client is a connection to one runtime. All its methods may be called from any goroutine at any time.
//
// A client that is no longer needed should be closed. One that cannot be reached any more is closed by the garbage collector, with
// its sessions.
type Client struct {
	state *clientState

	mutex sync.Mutex
	// Open sessions: they live as long as the client, also when the program keeps only their handlers.
	sessions map[*Session]struct{}
	// Every session whose handle is not freed yet, also those that are over: each keeps the library's client, and its thread.
	unfreed map[weak.Pointer[Session]]struct{}
	// At this many, those that were collected are taken out.
	most    int
	cleanup runtime.Cleanup
}

// clientState is what the library's callbacks reach. It does not know the Client, which can so be collected.
type clientState struct {
	queue  queue
	logger *slog.Logger
	// What handlers of the client are asked with.
	base     context.Context
	handlers map[CallKind]callFunc

	mutex         sync.Mutex
	handle        C.uintptr_t
	lost          error
	next          uint64
	lifecycle     map[uint64]func(*LifecycleEvent)
	notifications map[uint64]func(*Notification)
	open          map[C.uintptr_t]*sessionState
	hosts         map[string]AHPHandler
	inboxes       map[string]*inbox
}

func (c *clientState) letGo() {}

// NewClient makes a client and starts nothing yet: the runtime is started by Start, or with the first session. Options that the
// engine does not accept are an error here; nil stands for the defaults.
func NewClient(options *ClientOptions) (*Client, error) {
	if options == nil {
		options = &ClientOptions{}
	}
	text, err := options.text()
	if err != nil {
		return nil, err
	}
	state := &clientState{
		logger: options.Logger, base: context.Background(), handlers: options.calls(),
		lifecycle: map[uint64]func(*LifecycleEvent){}, notifications: map[uint64]func(*Notification){},
		open: map[C.uintptr_t]*sessionState{}, hosts: map[string]AHPHandler{},
		inboxes: map[string]*inbox{},
	}
	state.handlers[CallAHPHost] = state.ahpCall
	if state.logger == nil {
		state.logger = slog.Default()
	}
	if options.OnModelRequest != nil {
		state.handlers[CallLLMRequest] = state.modelCall(options.OnModelRequest)
	}
	if options.OnLifecycle != nil {
		state.lifecycle[0] = options.OnLifecycle
	}
	if options.OnGitHubTelemetry != nil {
		state.notifications[0] = telemetryOnly(options.OnGitHubTelemetry)
	}
	client := &Client{
		state: state, sessions: map[*Session]struct{}{}, unfreed: map[weak.Pointer[Session]]struct{}{}, most: 64,
	}
	if options.OnUIThread != nil {
		// What the handler runs needs the client.
		state.handlers[CallUIThread] = uiCall(weak.Make(client), options.OnUIThread)
	}
	takesLifecycle := C.uint32_t(1)
	var handle C.uintptr_t
	if err := takeError(C.copilot_go_client_new(str(text), own(state), takesLifecycle, &handle)); err != nil {
		return nil, err
	}
	state.handle = handle
	client.cleanup = runtime.AddCleanup(client, func(handle C.uintptr_t) { C.copilot_go_client_free(handle) }, handle)
	return client, nil
}

func (c *clientState) self() C.uintptr_t {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.handle
}

// call makes an operation of the client.
func (c *Client) call(ctx context.Context, what op, a, b C.copilot_str) (string, error) {
	text, err := c.state.run(ctx, what, c.state.self(), a, b)
	runtime.KeepAlive(c)
	return text, err
}

// Start starts the runtime and agrees with it on a protocol version. A client that is started already is left as it is.
func (c *Client) Start(ctx context.Context) (*StartInfo, error) {
	c.prune()
	text, err := c.call(ctx, C.GO_CLIENT_START, C.copilot_str{}, C.copilot_str{})
	return decoded[StartInfo](text, err)
}

// opened notes a session that was made.
func (c *Client) opened(session *Session) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.sessions[session] = struct{}{}
	if len(c.unfreed) >= c.most {
		maps.DeleteFunc(c.unfreed, func(session weak.Pointer[Session], _ struct{}) bool { return session.Value() == nil })
		c.most = 2*len(c.unfreed) + 64
	}
	c.unfreed[weak.Make(session)] = struct{}{}
}

// prune forgets sessions that ended with a lost connection.
func (c *Client) prune() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	maps.DeleteFunc(c.sessions, func(session *Session, _ struct{}) bool { return session.state.isOver() })
}

// Stop ends all sessions and the runtime, politely first. The runtime is gone afterwards, also when the error is ErrStopFailed,
// whose data lists what went wrong. The client can be started again.
func (c *Client) Stop(ctx context.Context) error {
	_, err := c.call(ctx, C.GO_CLIENT_STOP, C.copilot_str{}, C.copilot_str{})
	c.left(ctx, err)
	return err
}

// ForceStop kills the runtime without asking it. The client can be started again.
func (c *Client) ForceStop(ctx context.Context) error {
	_, err := c.call(ctx, C.GO_CLIENT_FORCE_STOP, C.copilot_str{}, C.copilot_str{})
	c.left(ctx, err)
	return err
}

// left ends what iterates over events of sessions that are over.
func (c *Client) left(ctx context.Context, err error) {
	if ctx.Err() != nil && err != nil {
		return
	}
	c.mutex.Lock()
	clear(c.sessions)
	c.mutex.Unlock()
	c.state.endAll(nil)
}

// Close kills the runtime and frees the client and its sessions. Calls that are under way end with an error. Stop is the polite way
// to end, before. A second Close does nothing.
func (c *Client) Close() error {
	c.mutex.Lock()
	var sessions []*Session
	for made := range c.unfreed {
		if session := made.Value(); session != nil {
			sessions = append(sessions, session)
		}
	}
	clear(c.sessions)
	c.mutex.Unlock()
	c.state.mutex.Lock()
	handle := c.state.handle
	c.state.handle = 0
	c.state.mutex.Unlock()
	if handle == 0 {
		return nil
	}
	c.cleanup.Stop()
	_, _ = c.state.run(context.Background(), C.GO_CLIENT_FORCE_STOP, handle, C.copilot_str{}, C.copilot_str{})
	for _, session := range sessions {
		session.free()
	}
	C.copilot_go_client_free(handle)
	c.state.endAll(nil)
	runtime.KeepAlive(c)
	return nil
}

// endAll ends the iterations over the events of all sessions.
func (c *clientState) endAll(err error) {
	c.mutex.Lock()
	open := make([]*sessionState, 0, len(c.open))
	for _, session := range c.open {
		open = append(open, session)
	}
	c.mutex.Unlock()
	for _, session := range open {
		session.end(err)
	}
}

// Invoke calls any method of the runtime; the Method… constants name those that are known. params is anything that JSON makes an
// object of, nil for none. The result is the runtime's own.
func (c *Client) Invoke(ctx context.Context, method string, params any) (json.RawMessage, error) {
	text, err := encoded("params", params)
	if err != nil {
		return nil, err
	}
	return raw(c.call(ctx, C.GO_CLIENT_INVOKE, str(method), optional(text)))
}

// Notify sends a notification to the runtime and does not wait. A client that is not connected sends nothing.
func (c *Client) Notify(method string, params any) error {
	text, err := encoded("params", params)
	if err != nil {
		return err
	}
	err = takeError(C.copilot_go_client_notify(c.state.self(), str(method), optional(text)))
	runtime.KeepAlive(c)
	return err
}

// SetEnv replaces the environment of the runtime from the next start on. It has no effect on a runtime that somebody else started.
func (c *Client) SetEnv(ctx context.Context, env map[string]string) error {
	text, err := encoded("env", env)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, C.GO_CLIENT_SET_ENV, str(text), C.copilot_str{})
	return err
}

// Ping asks the runtime for a sign of life; message comes back behind "pong: ".
func (c *Client) Ping(ctx context.Context, message string) (*Pong, error) {
	text, err := c.call(ctx, C.GO_CLIENT_PING, optional(message), C.copilot_str{})
	return decoded[Pong](text, err)
}

// ListModels lists the models. The runtime is asked once until the client stops; failures are not kept.
func (c *Client) ListModels(ctx context.Context) ([]Model, error) {
	text, err := c.call(ctx, C.GO_CLIENT_LIST_MODELS, C.copilot_str{}, C.copilot_str{})
	list, err := decoded[struct {
		Models []Model `json:"models"`
	}](text, err)
	if err != nil {
		return nil, err
	}
	return list.Models, nil
}

// GetStatus asks for the versions of the runtime and of its protocol.
func (c *Client) GetStatus(ctx context.Context) (*Status, error) {
	text, err := c.call(ctx, C.GO_CLIENT_GET_STATUS, C.copilot_str{}, C.copilot_str{})
	return decoded[Status](text, err)
}

// GetAuthStatus asks who is logged in.
func (c *Client) GetAuthStatus(ctx context.Context) (*AuthStatus, error) {
	text, err := c.call(ctx, C.GO_CLIENT_GET_AUTH_STATUS, C.copilot_str{}, C.copilot_str{})
	return decoded[AuthStatus](text, err)
}

// ListSessions lists the sessions that the runtime keeps; filter may be nil.
func (c *Client) ListSessions(ctx context.Context, filter *SessionFilter) ([]SessionInfo, error) {
	options := ""
	if filter != nil {
		text, err := encoded("filter", map[string]any{"filter": filter})
		if err != nil {
			return nil, err
		}
		options = text
	}
	text, err := c.call(ctx, C.GO_CLIENT_LIST_SESSIONS, optional(options), C.copilot_str{})
	list, err := decoded[struct {
		Sessions []SessionInfo `json:"sessions"`
	}](text, err)
	if err != nil {
		return nil, err
	}
	return list.Sessions, nil
}

// GetSessionMetadata asks what the runtime keeps of one session; nil when there is none of that id.
func (c *Client) GetSessionMetadata(ctx context.Context, sessionID string) (*SessionInfo, error) {
	text, err := c.call(ctx, C.GO_CLIENT_GET_SESSION_METADATA, str(sessionID), C.copilot_str{})
	found, err := decoded[struct {
		Session *SessionInfo `json:"session"`
	}](text, err)
	if err != nil {
		return nil, err
	}
	return found.Session, nil
}

// GetLastSessionID asks for the id of the session used last, "" when there is none.
func (c *Client) GetLastSessionID(ctx context.Context) (string, error) {
	return sessionIDOf(c.call(ctx, C.GO_CLIENT_GET_LAST_SESSION_ID, C.copilot_str{}, C.copilot_str{}))
}

// GetForegroundSessionID asks for the id of the session that the runtime's own interface shows, "" when there is none.
func (c *Client) GetForegroundSessionID(ctx context.Context) (string, error) {
	return sessionIDOf(c.call(ctx, C.GO_CLIENT_GET_FOREGROUND_SESSION_ID, C.copilot_str{}, C.copilot_str{}))
}

// SetForegroundSessionID changes the session that the runtime's own interface shows. A refusal of the runtime is an error.
func (c *Client) SetForegroundSessionID(ctx context.Context, sessionID string) error {
	_, err := c.call(ctx, C.GO_CLIENT_SET_FOREGROUND_SESSION_ID, str(sessionID), C.copilot_str{})
	return err
}

// DeleteSession removes a session for good, on disk too. A refusal of the runtime is an error.
func (c *Client) DeleteSession(ctx context.Context, sessionID string) error {
	_, err := c.call(ctx, C.GO_CLIENT_DELETE_SESSION, str(sessionID), C.copilot_str{})
	return err
}

func sessionIDOf(text string, err error) (string, error) {
	found, err := decoded[struct {
		SessionID string `json:"sessionId"`
	}](text, err)
	if err != nil {
		return "", err
	}
	return found.SessionID, nil
}

// State is how the connection stands: "disconnected", "connecting", "connected" or "error".
func (c *Client) State() (string, error) {
	var state C.uint32_t
	err := takeError(C.copilot_go_client_state(c.state.self(), &state))
	runtime.KeepAlive(c)
	if err != nil {
		return "", err
	}
	switch state {
	case C.COPILOT_STATE_CONNECTING:
		return "connecting", nil
	case C.COPILOT_STATE_CONNECTED:
		return "connected", nil
	case C.COPILOT_STATE_ERROR:
		return "error", nil
	}
	return "disconnected", nil
}

// RuntimePort is the TCP port of the runtime, 0 when it has none.
func (c *Client) RuntimePort() (int, error) {
	var port C.uint32_t
	err := takeError(C.copilot_go_client_port(c.state.self(), &port))
	runtime.KeepAlive(c)
	return int(port), err
}

// Counters counts the events of all sessions.
func (c *Client) Counters() (Counters, error) {
	var counters C.copilot_counters
	err := takeError(C.copilot_go_client_counters(c.state.self(), &counters))
	runtime.KeepAlive(c)
	return countersOf(&counters), err
}

// Diagnostics tells, at any time and without waiting, where the client stands, how its last start went, and what went over the wire
// since it was made. It holds no content and no secrets.
func (c *Client) Diagnostics() (*Diagnostics, error) {
	var made C.uintptr_t
	err := takeError(C.copilot_go_client_diagnostics(c.state.self(), &made))
	runtime.KeepAlive(c)
	if err != nil {
		return nil, err
	}
	text, _ := takeString(made)
	return decoded[Diagnostics](text, nil)
}

// RunUIAction runs an action of the runtime's library on the calling thread, which must be the application's main thread (see
// runtime.LockOSThread). A handler of OnUIThread gets a function that does it; this is for programs that have to carry the number
// elsewhere. It blocks for as long as the action takes.
func (c *Client) RunUIAction(action uint32) error {
	err := takeError(C.copilot_go_client_run_ui_action(c.state.self(), C.uint32_t(action)))
	runtime.KeepAlive(c)
	return err
}

// OnLifecycle adds a handler for what happens to sessions of the runtime, also those of others. The function it returns removes it.
func (c *Client) OnLifecycle(handler func(*LifecycleEvent)) (off func()) {
	return add(c.state, c.state.lifecycle, handler)
}

// OnNotification adds a handler for every other notification of the runtime. The function it returns removes it.
func (c *Client) OnNotification(handler func(*Notification)) (off func()) {
	return add(c.state, c.state.notifications, handler)
}

func add[H any](state *clientState, to map[uint64]H, handler H) func() {
	state.mutex.Lock()
	defer state.mutex.Unlock()
	state.next++
	number := state.next
	to[number] = handler
	return func() {
		state.mutex.Lock()
		defer state.mutex.Unlock()
		delete(to, number)
	}
}

// guarded runs a handler whose result nobody waits for. What it panics with is logged.
func (c *clientState) guarded(what string, handler func()) {
	defer func() {
		if failure := recover(); failure != nil {
			c.logger.Error("copilot: a handler panicked", "handler", what, "panic", failure, "stack", string(debug.Stack()))
		}
	}()
	handler()
}
