// Package rpc has the types of the runtime's protocol and a typed method for each of its calls.
//
//	models, err := rpc.Server(client).Models().List(ctx, nil)
//	plan, err := rpc.Session(session).Plan().Read(ctx)
//
// Types follow the schemas of the runtimes that this version knows. A newer runtime may send more: members that a struct lacks are
// skipped, and choices may have values without a constant. Texts that are missing are "", other values nil.
package rpc

import (
	"context"
	"encoding/json"
	"fmt"
)

// Caller makes calls: a client or a session of package copilot.
type Caller interface {
	Invoke(ctx context.Context, method string, params any) (json.RawMessage, error)
}

// absent says whether a pointer to parameters is nil.
func absent(params any) bool {
	text, err := json.Marshal(params)
	return err == nil && string(text) == "null"
}

func tell(ctx context.Context, caller Caller, method string, params any) error {
	if absent(params) {
		params = nil
	}
	_, err := caller.Invoke(ctx, method, params)
	return err
}

func ask[R any](ctx context.Context, caller Caller, method string, params any) (*R, error) {
	if absent(params) {
		params = nil
	}
	text, err := caller.Invoke(ctx, method, params)
	if err != nil {
		return nil, err
	}
	result := new(R)
	if len(text) == 0 || string(text) == "null" {
		return result, nil
	}
	if err := json.Unmarshal(text, result); err != nil {
		return nil, fmt.Errorf("copilot: the result of %s: %w", method, err)
	}
	return result, nil
}

// Union is a value of one of several types. The zero value is null.
type Union struct {
	raw   json.RawMessage
	value any
}

// Of makes a union of a value, which must be of one of its types:
//
//	rpc.PermissionDecision{Union: rpc.Of(rpc.PermissionDecisionReject{Feedback: "no"})}
func Of(value any) Union { return Union{value: value} }

// JSON is the value as JSON.
func (u Union) JSON() json.RawMessage {
	text, err := u.MarshalJSON()
	if err != nil {
		return nil
	}
	return text
}

// Decode reads the value into one of the union's types.
func (u Union) Decode(into any) error { return json.Unmarshal(u.JSON(), into) }

// MarshalJSON gives what was received, or the value that the program made.
func (u Union) MarshalJSON() ([]byte, error) {
	if u.raw != nil {
		return u.raw, nil
	}
	return json.Marshal(u.value)
}

// UnmarshalJSON keeps the text.
func (u *Union) UnmarshalJSON(text []byte) error {
	*u = Union{raw: append(json.RawMessage{}, text...)}
	return nil
}

// IsZero says whether there is no value.
func (u Union) IsZero() bool { return u.raw == nil && u.value == nil }

func (u Union) member(name string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(u.JSON(), &members) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(members[name], &text) != nil {
		return string(members[name])
	}
	return text
}
