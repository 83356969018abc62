package copilot

// #include "bridge.h"
import "C"

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

// ModelRequest is a request of the runtime to a model provider, which the program serves.
type ModelRequest struct {
	RequestID       string
	SessionID       string
	AgentID         string
	ParentAgentID   string
	InteractionType string
	Method          string
	URL             string
	// Header is all of it, Forward what may be passed on to somebody else.
	Header  http.Header
	Forward http.Header
	// Transport is "http" or "websocket".
	Transport string
	// Body is the whole body of an HTTP request.
	Body []byte

	inbox *inbox
	document
}

// UnmarshalJSON reads a request.
func (r *ModelRequest) UnmarshalJSON(text []byte) error {
	var wire struct {
		RequestID       string              `json:"requestId"`
		SessionID       string              `json:"sessionId"`
		AgentID         string              `json:"agentId"`
		ParentAgentID   string              `json:"parentAgentId"`
		InteractionType string              `json:"interactionType"`
		Method          string              `json:"method"`
		URL             string              `json:"url"`
		Headers         map[string][]string `json:"headers"`
		ForwardHeaders  map[string][]string `json:"forwardHeaders"`
		Transport       string              `json:"transport"`
		Body            []byte              `json:"bodyBase64"`
	}
	if err := json.Unmarshal(text, &wire); err != nil {
		return err
	}
	*r = ModelRequest{
		RequestID: wire.RequestID, SessionID: wire.SessionID, AgentID: wire.AgentID, ParentAgentID: wire.ParentAgentID,
		InteractionType: wire.InteractionType, Method: wire.Method, URL: wire.URL, Header: header(wire.Headers),
		Forward: header(wire.ForwardHeaders), Transport: wire.Transport, Body: wire.Body,
		document: document{append(json.RawMessage{}, text...)},
	}
	return nil
}

func header(from map[string][]string) http.Header {
	made := http.Header{}
	for name, values := range from {
		for _, value := range values {
			made.Add(name, value)
		}
	}
	return made
}

// Receive waits for the next message of a WebSocket; io.EOF when the runtime has closed it.
func (r *ModelRequest) Receive(ctx context.Context) ([]byte, error) { return r.inbox.next(ctx) }

// HTTP is the request as net/http has it, with the headers that may be passed on.
func (r *ModelRequest) HTTP(ctx context.Context) (*http.Request, error) {
	made, err := http.NewRequestWithContext(ctx, strings.ToUpper(r.Method), r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	made.Header = r.Forward.Clone()
	return made, nil
}

// ModelResponse is the answer to a ModelRequest: first Start, then as many pieces as there are.
type ModelResponse struct {
	client  *clientState
	id      string
	ctx     context.Context
	mutex   sync.Mutex
	started bool
}

// Start begins the answer. A WebSocket is accepted with the status 101 and no header.
func (r *ModelResponse) Start(status int, header http.Header) error {
	r.mutex.Lock()
	r.started = true
	r.mutex.Unlock()
	options := map[string]any{"status": status, "statusText": http.StatusText(status)}
	if header != nil {
		options["headers"] = header
	}
	text, err := encoded("header", options)
	if err != nil {
		return err
	}
	return r.say(C.GO_CLIENT_LLM_START, str(r.id), str(text))
}

// Write sends a piece of the body, or a binary message of the WebSocket. It returns when the runtime has it.
func (r *ModelResponse) Write(piece []byte) (int, error) {
	if err := r.say(C.GO_CLIENT_LLM_WRITE_BYTES, str(r.id), str(string(piece))); err != nil {
		return 0, err
	}
	return len(piece), nil
}

// WriteString is Write for text.
func (r *ModelResponse) WriteString(piece string) (int, error) {
	if err := r.say(C.GO_CLIENT_LLM_WRITE_TEXT, str(r.id), str(piece)); err != nil {
		return 0, err
	}
	return len(piece), nil
}

func (r *ModelResponse) say(what op, a, b C.copilot_str) error {
	_, err := r.client.run(r.ctx, what, r.client.self(), a, b)
	return err
}

// finish ends the answer as its handler did.
func (r *ModelResponse) finish(err error) error {
	r.mutex.Lock()
	started := r.started
	r.mutex.Unlock()
	switch {
	case !started && err == nil:
		return &CallError{Message: "the handler gave no answer"}
	case !started:
		return err
	case err != nil:
		return r.say(C.GO_CLIENT_LLM_FAIL, str(r.id), str(err.Error()))
	}
	return r.say(C.GO_CLIENT_LLM_END, str(r.id), C.copilot_str{})
}

// ModelRequestHandler serves the requests to models. The answer ends when it returns; with an error, the request fails. Its context
// ends when the runtime no longer wants the answer. ForwardModelRequests makes one.
type ModelRequestHandler func(context.Context, *ModelRequest, *ModelResponse) error

// ForwardModelRequests sends HTTP requests on through a transport; nil stands for http.DefaultTransport. WebSockets are refused.
func ForwardModelRequests(through http.RoundTripper) ModelRequestHandler {
	if through == nil {
		through = http.DefaultTransport
	}
	return func(ctx context.Context, request *ModelRequest, response *ModelResponse) error {
		if request.Transport == "websocket" {
			return errors.New("WebSockets are not forwarded")
		}
		asked, err := request.HTTP(ctx)
		if err != nil {
			return err
		}
		answer, err := through.RoundTrip(asked)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if err := response.Start(answer.StatusCode, answer.Header); err != nil {
			return err
		}
		_, err = io.Copy(struct{ io.Writer }{response}, answer.Body)
		return err
	}
}

// inbox keeps the messages of a WebSocket until they are read.
type inbox struct {
	mutex    sync.Mutex
	messages [][]byte
	over     bool
	news     chan struct{}
}

func (i *inbox) put(message []byte, over bool) {
	i.mutex.Lock()
	if over {
		i.over = true
	} else {
		i.messages = append(i.messages, message)
	}
	i.mutex.Unlock()
	select {
	case i.news <- struct{}{}:
	default:
	}
}

func (i *inbox) next(ctx context.Context) ([]byte, error) {
	for {
		i.mutex.Lock()
		if len(i.messages) > 0 {
			message := i.messages[0]
			i.messages = i.messages[1:]
			i.mutex.Unlock()
			return message, nil
		}
		over := i.over
		i.mutex.Unlock()
		if over {
			return nil, io.EOF
		}
		select {
		case <-i.news:
		case <-ctx.Done():
			return nil, contextError(ctx)
		}
	}
}

// inbox gives the messages of one request a place; the first who needs it makes it.
func (c *clientState) inbox(id string) *inbox {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	made, there := c.inboxes[id]
	if !there {
		made = &inbox{news: make(chan struct{}, 1)}
		c.inboxes[id] = made
	}
	return made
}

// modelMessage takes a message of a WebSocket; false for other notifications.
func (c *clientState) modelMessage(method string, params []byte) bool {
	if method != "llm.message" {
		return false
	}
	var message struct {
		RequestID string `json:"requestId"`
		Data      string `json:"data"`
		End       bool   `json:"end"`
	}
	if json.Unmarshal(params, &message) != nil {
		return true
	}
	c.mutex.Lock()
	inbox, open := c.inboxes[message.RequestID]
	c.mutex.Unlock()
	if open {
		inbox.put([]byte(message.Data), message.End)
	}
	return true
}

// modelCall serves one request.
func (c *clientState) modelCall(handler ModelRequestHandler) callFunc {
	return func(ctx context.Context, _ string, text []byte) (any, error) {
		request, err := decoded[ModelRequest](string(text), nil)
		if err != nil {
			return nil, err
		}
		request.inbox = c.inbox(request.RequestID)
		defer func() {
			c.mutex.Lock()
			delete(c.inboxes, request.RequestID)
			c.mutex.Unlock()
		}()
		response := &ModelResponse{client: c, id: request.RequestID, ctx: ctx}
		return nil, response.finish(handler(ctx, request, response))
	}
}

// expectMessages makes a place for what may come before the handler runs.
func (c *clientState) expectMessages(kind CallKind, args []byte) {
	if kind != CallLLMRequest {
		return
	}
	var head struct {
		RequestID string `json:"requestId"`
	}
	if json.Unmarshal(args, &head) == nil {
		c.inbox(head.RequestID)
	}
}
