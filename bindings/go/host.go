package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"crypto/rand"
	"encoding/json"
)

// AHPHandler serves a host for the Agent Host Protocol. Members that are nil are not served.
type AHPHandler struct {
	// CreateSession makes the session that is asked for. It must be open on the client, and have the id in the request's config.
	CreateSession func(context.Context, *AHPSessionRequest) (*Session, error)
	// ResumeSession opens one that exists already.
	ResumeSession func(context.Context, *AHPSessionRequest) (*Session, error)
	// Authenticate says whose token it is; nil: nobody's.
	Authenticate func(context.Context, *AHPAuthentication) (*AHPIdentity, error)
	// Released tells that a session is no longer used by the host.
	Released func(context.Context, *AHPRelease)
	// Exited tells that the host ended.
	Exited func(context.Context, *AHPExit)
}

// AHPSessionRequest asks for a session.
type AHPSessionRequest struct {
	HostID    string `json:"hostId"`
	HandoffID string `json:"handoffId"`
	// Config is what the session is to be made from; SessionConfig.Extra takes its members.
	Config json.RawMessage `json:"config"`
	// Resume: the session exists already.
	Resume         bool            `json:"resume"`
	Authentication json.RawMessage `json:"authentication"`
}

// SessionID is the id that the session must have.
func (r *AHPSessionRequest) SessionID() string {
	var head struct {
		SessionID string `json:"sessionId"`
	}
	_ = json.Unmarshal(r.Config, &head)
	return head.SessionID
}

// AHPAuthentication asks about a token.
type AHPAuthentication struct {
	HostID    string `json:"hostId"`
	RequestID string `json:"requestId"`
	Token     string `json:"token"`
}

// AHPIdentity is whose token it is, and until when it is good.
type AHPIdentity struct {
	Identity  string `json:"identity"`
	ExpiresAt string `json:"expiresAt"`
}

// AHPRelease tells which session is no longer used.
type AHPRelease struct {
	HostID    string `json:"hostId"`
	HandoffID string `json:"handoffId"`
	SessionID string `json:"sessionId"`
}

// AHPExit tells why a host ended.
type AHPExit struct {
	HostID   string          `json:"hostId"`
	Reason   string          `json:"reason"`
	Error    json.RawMessage `json:"error"`
	ExitCode *int            `json:"exitCode"`
}

// AHPHost is a host that was started.
type AHPHost struct {
	HostID        string `json:"hostId"`
	URL           string `json:"url"`
	Token         string `json:"token"`
	PID           int    `json:"pid"`
	EnvironmentID string `json:"environmentId"`

	client *Client
}

// Dispose ends the host.
func (h *AHPHost) Dispose(ctx context.Context) error {
	_, err := h.client.Invoke(ctx, "host.dispose", map[string]any{"hostId": h.HostID})
	return err
}

// StartAHPHost starts a host: clients that speak the Agent Host Protocol find sessions of this program there. options is anything that
// JSON makes an object of, with the members that copilot.h lists; which requests handler serves is added to it.
func (c *Client) StartAHPHost(ctx context.Context, options any, handler AHPHandler) (*AHPHost, error) {
	id := rand.Text()
	served := map[string]any{"hostId": id}
	for name, there := range map[string]bool{
		"sessionFactory": handler.CreateSession != nil, "resumeFactory": handler.ResumeSession != nil,
		"authenticate": handler.Authenticate != nil,
	} {
		if there {
			served[name] = true
		}
	}
	text, err := merged("options", options, served)
	if err != nil {
		return nil, err
	}
	c.state.mutex.Lock()
	c.state.hosts[id] = handler
	c.state.mutex.Unlock()
	host, err := decoded[AHPHost](c.call(ctx, C.GO_CLIENT_START_AHP_HOST, str(text), C.copilot_str{}))
	if err != nil {
		c.state.mutex.Lock()
		delete(c.state.hosts, id)
		c.state.mutex.Unlock()
		return nil, err
	}
	host.client = c
	return host, nil
}

func (c *clientState) host(id string) AHPHandler {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.hosts[id]
}

// ahpCall answers what hosts ask.
func (c *clientState) ahpCall(ctx context.Context, name string, text []byte) (any, error) {
	head, err := decoded[struct {
		HostID string `json:"hostId"`
	}](string(text), nil)
	if err != nil {
		return nil, err
	}
	handler := c.host(head.HostID)
	switch {
	case name == "materializeSession":
		return typed(handler.materialize)(ctx, name, text)
	case name == "validateAuthentication" && handler.Authenticate != nil:
		return typed(func(ctx context.Context, request *AHPAuthentication) (any, error) {
			return handler.Authenticate(ctx, request)
		})(ctx, name, text)
	case name == "sessionReleased" && handler.Released != nil:
		return typed(func(ctx context.Context, news *AHPRelease) (any, error) {
			handler.Released(ctx, news)
			return nil, nil
		})(ctx, name, text)
	case name == "exited":
		c.mutex.Lock()
		delete(c.hosts, head.HostID)
		c.mutex.Unlock()
		if handler.Exited != nil {
			return typed(func(ctx context.Context, news *AHPExit) (any, error) {
				handler.Exited(ctx, news)
				return nil, nil
			})(ctx, name, text)
		}
	}
	if name == "sessionReleased" || name == "exited" {
		return nil, nil
	}
	return nil, &CallError{Message: "nobody answers " + name}
}

func (h AHPHandler) materialize(ctx context.Context, request *AHPSessionRequest) (any, error) {
	open := h.CreateSession
	if request.Resume {
		open = h.ResumeSession
	}
	if open == nil {
		return nil, &CallError{Message: "this host opens no such sessions"}
	}
	session, err := open(ctx, request)
	if err != nil || session == nil {
		return nil, err
	}
	return map[string]string{"sessionId": session.ID()}, nil
}
