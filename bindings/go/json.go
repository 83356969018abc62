package copilot

// #include "bridge.h"
import "C"

import (
	"bytes"
	"encoding/json"
)

// encoded is the JSON text of a value, "" for nil.
func encoded(what string, value any) (string, error) {
	if value == nil {
		return "", nil
	}
	var out bytes.Buffer
	writer := json.NewEncoder(&out)
	writer.SetEscapeHTML(false)
	if err := writer.Encode(value); err != nil {
		return "", badJSON(what, err)
	}
	return string(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}

// decoded reads the result of a call that may have failed.
func decoded[T any](text string, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	value := new(T)
	if text == "" {
		return value, nil
	}
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return nil, &Error{Kind: KindProtocol, Message: "the runtime's answer: " + err.Error(), causes: []error{err}}
	}
	return value, nil
}

func raw(text string, err error) (json.RawMessage, error) {
	if err != nil || text == "" {
		return nil, err
	}
	return json.RawMessage(text), nil
}

// merged is the JSON object of a value with the members of extra over it.
func merged(what string, value any, extra map[string]any) (string, error) {
	text, err := encoded(what, value)
	if err != nil || len(extra) == 0 {
		return text, err
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return "", badJSON(what, err)
	}
	for name, member := range extra {
		text, err := encoded(what+": "+name, member)
		if err != nil {
			return "", err
		}
		if text == "" {
			text = "null"
		}
		members[name] = json.RawMessage(text)
	}
	return encoded(what, members)
}

func countersOf(counters *C.copilot_counters) Counters {
	return Counters{
		Received: uint64(counters.received), Delivered: uint64(counters.delivered),
		QueuedEvents: uint64(counters.queued_events), QueuedBytes: uint64(counters.queued_bytes),
	}
}
