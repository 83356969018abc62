package copilot

import (
	"encoding/json"
	"time"
)

// StartInfo is what Start tells.
type StartInfo struct {
	// Version is that of the runtime.
	Version string `json:"version"`
	// ProtocolVersion is what both sides speak.
	ProtocolVersion int `json:"protocolVersion"`
	// Timings are the phases of the start in milliseconds.
	Timings map[string]float64 `json:"timings"`
}

// Pong is the answer to Ping.
type Pong struct {
	Message         string          `json:"message"`
	Timestamp       json.RawMessage `json:"timestamp"`
	ProtocolVersion int             `json:"protocolVersion"`
}

// Status tells versions.
type Status struct {
	Version         string `json:"version"`
	ProtocolVersion int    `json:"protocolVersion"`
}

// AuthStatus tells who is logged in.
type AuthStatus struct {
	IsAuthenticated bool   `json:"isAuthenticated"`
	AuthType        string `json:"authType,omitempty"`
	Host            string `json:"host,omitempty"`
	Login           string `json:"login,omitempty"`
	StatusMessage   string `json:"statusMessage,omitempty"`
}

// document is JSON of which some members have names here and the others are kept.
type document struct{ raw json.RawMessage }

// JSON is all of it, as the runtime sent it.
func (d *document) JSON() json.RawMessage { return d.raw }

// Decode reads all of it into another type, such as a generated one.
func (d *document) Decode(into any) error {
	if err := json.Unmarshal(d.raw, into); err != nil {
		return badJSON("a value of the runtime", err)
	}
	return nil
}

// Model is a model that may be chosen.
type Model struct {
	ID   string
	Name string
	document
}

// NewModel makes the description of a model from anything that JSON makes an object of; it must have the members id and name.
func NewModel(from any) (Model, error) {
	text, err := encoded("model", from)
	if err != nil {
		return Model{}, err
	}
	made, err := decoded[Model](text, nil)
	if err != nil {
		return Model{}, err
	}
	return *made, nil
}

// UnmarshalJSON reads a model.
func (m *Model) UnmarshalJSON(text []byte) error {
	var head struct{ ID, Name string }
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	*m = Model{ID: head.ID, Name: head.Name, document: document{append(json.RawMessage{}, text...)}}
	return nil
}

// MarshalJSON gives what the runtime sent, or id and name of a model that the program made.
func (m Model) MarshalJSON() ([]byte, error) {
	if m.raw != nil {
		return m.raw, nil
	}
	return json.Marshal(map[string]string{"id": m.ID, "name": m.Name})
}

// SessionInfo is what the runtime keeps of a session.
type SessionInfo struct {
	SessionID string
	Summary   string
	document
}

// UnmarshalJSON reads the information.
func (s *SessionInfo) UnmarshalJSON(text []byte) error {
	var head struct{ SessionID, Summary string }
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	*s = SessionInfo{SessionID: head.SessionID, Summary: head.Summary, document: document{append(json.RawMessage{}, text...)}}
	return nil
}

// MarshalJSON gives what the runtime sent.
func (s SessionInfo) MarshalJSON() ([]byte, error) {
	if s.raw != nil {
		return s.raw, nil
	}
	return json.Marshal(map[string]string{"sessionId": s.SessionID})
}

// SessionFilter chooses sessions by where they were made.
type SessionFilter struct {
	Cwd        string `json:"cwd,omitempty"`
	GitRoot    string `json:"gitRoot,omitempty"`
	Repository string `json:"repository,omitempty"`
	Branch     string `json:"branch,omitempty"`
}

// SessionState is what is known of a session without asking.
type SessionState struct {
	SessionID     string            `json:"sessionId"`
	WorkspacePath string            `json:"workspacePath"`
	Capabilities  json.RawMessage   `json:"capabilities"`
	OpenCanvases  []json.RawMessage `json:"openCanvases"`
}

// Counters count events.
type Counters struct {
	// Received came from the runtime.
	Received uint64
	// Delivered were handed to this package.
	Delivered uint64
	// QueuedEvents wait, with QueuedBytes.
	QueuedEvents uint64
	QueuedBytes  uint64
}

// Diagnostics tells where a client stands.
type Diagnostics struct {
	State           string `json:"state"`
	RuntimeVersion  string `json:"runtimeVersion"`
	ProtocolVersion int    `json:"protocolVersion"`
	RuntimePID      int    `json:"runtimePid"`
	RuntimePort     int    `json:"runtimePort"`
	// Start is the last start.
	Start struct {
		// Outcome is "running", "ok" or the kind of the error.
		Outcome string `json:"outcome"`
		// Phase is the one under way, or the one that failed.
		Phase string `json:"phase"`
		// Timings are the phases in milliseconds.
		Timings map[string]float64 `json:"timings"`
	} `json:"start"`
	OpenSessions int               `json:"openSessions"`
	PendingCalls int               `json:"pendingCalls"`
	Counters     map[string]uint64 `json:"counters"`
}

// LifecycleEvent is something that happened to a session of the runtime.
type LifecycleEvent struct {
	Type      string          `json:"type"`
	SessionID string          `json:"sessionId"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	raw       json.RawMessage
}

// JSON is the whole event as the runtime sent it.
func (e *LifecycleEvent) JSON() json.RawMessage { return e.raw }

// Notification is a message of the runtime that wants no answer.
type Notification struct {
	Method string
	Params json.RawMessage
}

// Answer is what SendForValue gives.
type Answer struct {
	// Value follows the schema.
	Value json.RawMessage `json:"value"`
	// Tries is how often the agent was asked.
	Tries int `json:"tries"`
	// Event is the message that holds the value.
	Event *Event `json:"event"`
}

// ModelOptions go with SetModel.
type ModelOptions struct {
	ReasoningEffort   string `json:"reasoningEffort,omitempty"`
	ReasoningSummary  string `json:"reasoningSummary,omitempty"`
	ContextTier       string `json:"contextTier,omitempty"`
	ModelCapabilities any    `json:"modelCapabilities,omitempty"`
	AutoTier          string `json:"autoTier,omitempty"`
}

// LogOptions go with Log.
type LogOptions struct {
	// Level is "info", "warning" or "error"; the last ends a wait for the session.
	Level string `json:"level,omitempty"`
	// Ephemeral lines are not kept.
	Ephemeral bool `json:"ephemeral,omitempty"`
}

// InputOptions go with Input.
type InputOptions struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	MinLength   *int   `json:"minLength,omitempty"`
	MaxLength   *int   `json:"maxLength,omitempty"`
	Format      string `json:"format,omitempty"`
	Default     string `json:"default,omitempty"`
}

// text is the options of a message as JSON, "" for none.
func (o *SendOptions) text() (string, error) {
	if o == nil {
		return "", nil
	}
	extra := map[string]any{}
	for name, limit := range map[string]time.Duration{"timeoutMs": o.Timeout, "inactivityTimeoutMs": o.InactivityTimeout} {
		if limit != 0 {
			extra[name] = limit.Milliseconds()
		}
	}
	for name, value := range o.Extra {
		extra[name] = value
	}
	return merged("options", o, extra)
}

func encodedOptions[T any](options *T) (string, error) {
	if options == nil {
		return "", nil
	}
	return encoded("options", options)
}
