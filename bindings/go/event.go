package copilot

// #include "bridge.h"
import "C"

import (
	"encoding/json"
	"time"
	"unsafe"
)

// Event is something that happened in a session. It is read-only, and may be kept as long as one likes.
type Event struct {
	// Type is one of the Event… constants, or a name that this version does not know.
	Type string
	// ID is the event's own id.
	ID string
	// ParentID is the id of the event before it, "" for the first one.
	ParentID string
	// AgentID is the sub-agent it comes from, "" for the main agent.
	AgentID string
	// Timestamp is when it happened, as the runtime writes it; Time reads it.
	Timestamp string
	// Ephemeral events are not kept in the session's history.
	Ephemeral bool

	raw string
}

// newEvent copies an event of C: one piece of memory for the text, in which the header's texts lie.
func newEvent(from *C.copilot_go_event) *Event {
	raw := goText(&from.json)
	start := uintptr(unsafe.Pointer(from.json.data))
	inside := func(text *C.copilot_go_text) string {
		offset := uintptr(unsafe.Pointer(text.data)) - start
		length := uintptr(text.len)
		if text.data == nil || offset > uintptr(len(raw)) || length > uintptr(len(raw))-offset {
			return goText(text)
		}
		return raw[offset : offset+length]
	}
	return &Event{
		Type: inside(&from.type_name), ID: inside(&from.id), ParentID: inside(&from.parent_id), AgentID: inside(&from.agent_id),
		Timestamp: inside(&from.timestamp), Ephemeral: from.ephemeral != 0, raw: raw,
	}
}

// UnmarshalJSON reads an event from the text that JSON gives, such as one of a session's history.
func (e *Event) UnmarshalJSON(text []byte) error {
	var head struct {
		Type      string  `json:"type"`
		ID        string  `json:"id"`
		ParentID  *string `json:"parentId"`
		AgentID   string  `json:"agentId"`
		Timestamp string  `json:"timestamp"`
		Ephemeral bool    `json:"ephemeral"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	*e = Event{Type: head.Type, ID: head.ID, AgentID: head.AgentID, Timestamp: head.Timestamp, Ephemeral: head.Ephemeral,
		raw: string(text)}
	if head.ParentID != nil {
		e.ParentID = *head.ParentID
	}
	return nil
}

// MarshalJSON gives the text that the runtime sent.
func (e *Event) MarshalJSON() ([]byte, error) { return []byte(e.raw), nil }

// JSON is the whole event as the runtime sent it.
func (e *Event) JSON() json.RawMessage { return json.RawMessage(e.raw) }

// Time is when it happened; the zero time if the runtime's text cannot be read.
func (e *Event) Time() time.Time {
	at, err := time.Parse(time.RFC3339Nano, e.Timestamp)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Decode reads the event's data into a struct, usually the generated one of its type. Members that the struct lacks are skipped.
func (e *Event) Decode(data any) error {
	whole := struct {
		Data any `json:"data"`
	}{data}
	if err := json.Unmarshal([]byte(e.raw), &whole); err != nil {
		return badJSON("the event "+e.Type, err)
	}
	return nil
}

// Text reads one value of the event without reading the rest: pointer is a JSON pointer, such as "/data/content". A value that is no
// text is given as its JSON. False if there is none, or null.
func (e *Event) Text(pointer string) (string, bool) {
	var found C.uintptr_t
	if failure := C.copilot_go_json_text(str(e.raw), str(pointer), &found); failure != 0 {
		C.copilot_go_error_free(failure)
		return "", false
	}
	return takeString(found)
}

// Data is the JSON text of the event's data.
func (e *Event) Data() json.RawMessage {
	var found C.uintptr_t
	if failure := C.copilot_go_json_get(str(e.raw), str("/data"), &found); failure != 0 {
		C.copilot_go_error_free(failure)
		return nil
	}
	text, ok := takeString(found)
	if !ok {
		return nil
	}
	return json.RawMessage(text)
}

// DeltaText is the new piece of text of an assistant.message_delta or assistant.reasoning_delta, "" for other events.
func (e *Event) DeltaText() string {
	switch e.Type {
	case "assistant.message_delta", "assistant.reasoning_delta":
		text, _ := e.Text("/data/deltaContent")
		return text
	}
	return ""
}

// Content is the text of an assistant.message, user.message or another event whose data has a content, else "".
func (e *Event) Content() string {
	text, _ := e.Text("/data/content")
	return text
}
