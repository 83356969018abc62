package copilot

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"
)

type place struct {
	City    string         `json:"city" jsonschema:"the name of the city"`
	Unit    string         `json:"unit,omitempty" enum:"celsius,fahrenheit"`
	Days    *int           `json:"days"`
	Tags    []string       `json:"tags"`
	Limits  map[string]int `json:"limits,omitzero"`
	At      time.Time      `json:"at"`
	Inner   *place         `json:"inner"`
	Ignored string         `json:"-"`
	hidden  int
	embedded
}

type embedded struct {
	Deep bool `json:"deep"`
}

func TestSchemaFollowsTheType(t *testing.T) {
	got, err := json.Marshal(SchemaFor[place]())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"properties":{"at":{"format":"date-time","type":"string"},"city":{"description":"the name of the city","type":"string"},
	"days":{"type":"integer"},"deep":{"type":"boolean"},"inner":{},"limits":{"additionalProperties":{"type":"integer"},"type":"object"},
	"tags":{"items":{"type":"string"},"type":"array"},"unit":{"enum":["celsius","fahrenheit"],"type":"string"}},
	"required":["city","tags","at","deep"],"type":"object"}`
	var left, right any
	_, _ = json.Unmarshal(got, &left), json.Unmarshal([]byte(want), &right)
	if !reflect.DeepEqual(left, right) {
		t.Fatalf("the schema is %s", got)
	}
	_ = place{hidden: 1}
}

// calls has the model call a tool and gives what it was told.
func calls(t *testing.T, tool Tool, arguments string) map[string]any {
	t.Helper()
	client := peer(t, `[{"on":{"method":"session.send"},"do":[{"reply":"default"},
	  {"event":{"type":"external_tool.requested","data":{"requestId":"r","toolCallId":"c","toolName":"it","arguments":`+arguments+`}}},
	  {"expect":{"method":"session.tools.handlePendingToolCall","as":"told"}},
	  {"event":{"type":"assistant.message","data":{"messageId":"m","content":"$told.params"}}},
	  {"event":{"type":"session.idle","ephemeral":true}}]}]`, nil)
	made := session(t, client, &SessionConfig{Tools: []Tool{tool}})
	event, err := made.SendAndWait(within(t), "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	var data struct{ Content map[string]any }
	if err := event.Decode(&data); err != nil {
		t.Fatal(err)
	}
	return data.Content
}

func TestToolsAnswerWithWhatTheyGive(t *testing.T) {
	type sum struct{ A, B int }
	run := func(give func(context.Context, sum) (any, error)) map[string]any {
		return calls(t, DefineTool("it", "Adds", give), `{"a":2,"b":3}`)
	}
	text := run(func(_ context.Context, s sum) (any, error) { return "the sum", nil })
	value := run(func(_ context.Context, s sum) (any, error) { return map[string]int{"sum": s.A + s.B}, nil })
	whole := run(func(_ context.Context, s sum) (any, error) {
		return ToolResult{Text: "five", Type: "failure", SessionLog: "log"}, nil
	})
	failure := run(func(context.Context, sum) (any, error) { return nil, errors.New("it is too much") })
	broken := run(func(context.Context, sum) (any, error) { panic("it broke") })
	for name, each := range map[string]struct {
		told map[string]any
		want string
	}{"text": {text, "the sum"}, "value": {value, `{\"sum\":5}`}, "whole": {whole, `"resultType":"failure"`},
		"failure": {failure, "it is too much"}, "broken": {broken, "it broke"}} {
		told, _ := json.Marshal(each.told)
		if !strings.Contains(string(told), each.want) {
			t.Errorf("%s: %s", name, told)
		}
	}
	wrong := calls(t, DefineTool("it", "Adds", func(context.Context, sum) (any, error) { return "ran", nil }), `{"a":"two"}`)
	if told, _ := json.Marshal(wrong); !strings.Contains(string(told), "InvalidType") || strings.Contains(string(told), "ran") {
		t.Errorf("wrong arguments: %s", told)
	}
}

func TestToolsAreReplaced(t *testing.T) {
	asked := `{"event":{"type":"external_tool.requested","data":{"requestId":"r","toolCallId":"c","toolName":"late","arguments":{}}}},
	  {"expect":{"method":"session.tools.handlePendingToolCall","where":{"result":{"$any":true}},"as":"told"}}`
	client := peer(t, `[{"on":{"method":"session.tools.set"},"do":[{"reply":{"result":{}}}]},
	  {"on":{"method":"session.options.update"},"do":[{"reply":{"result":{"success":true}}}]},
	  {"on":{"method":"session.send"},"do":[{"reply":"default"},`+asked+`,
	  {"event":{"type":"assistant.message","data":{"messageId":"m","content":"$told.params.result"}}},
	  {"event":{"type":"session.idle","ephemeral":true}}]}]`, nil)
	made := session(t, client, nil)
	late := Tool{Name: "late", Description: "Comes later", Handler: func(context.Context, *ToolCall) (any, error) { return "served", nil }}
	if err := made.SetTools(within(t), []Tool{late}); err != nil {
		t.Fatal(err)
	}
	event, err := made.SendAndWait(within(t), "x", nil)
	if err != nil || !strings.Contains(string(event.JSON()), "served") {
		t.Fatalf("the answer is %v (%v)", event, err)
	}
}

type oneFile struct{ SessionFS }

func (oneFile) ReadFile(_ context.Context, path string) (string, error) {
	if path != "/a" {
		return "", &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return "text", nil
}

func (oneFile) Rename(context.Context, string, string) error { return errors.ErrUnsupported }

func TestErrorsOfFilesAreTheRuntimes(t *testing.T) {
	client := peer(t, "", func(options *ClientOptions) {
		options.SessionFS = &SessionFSOptions{InitialCwd: "/", SessionStatePath: "/state", Conventions: "posix"}
	})
	made := session(t, client, &SessionConfig{SessionFS: oneFile{}})
	missing := asks(t, client, "sessionFs.readFile", map[string]any{"sessionId": made.ID(), "path": "/b"})
	if text, _ := json.Marshal(missing); !strings.Contains(string(text), "ENOENT") {
		t.Errorf("the answer is %s", text)
	}
	// What the file system lacks is a nil function: a panic, and an answer all the same.
	broken := asks(t, client, "sessionFs.exists", map[string]any{"sessionId": made.ID(), "path": "/b"})
	if text, _ := json.Marshal(broken); !strings.Contains(string(text), `"exists":false`) {
		t.Errorf("the answer is %s", text)
	}
}
