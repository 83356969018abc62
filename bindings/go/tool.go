package copilot

import (
	"context"
	"encoding/json"
	"reflect"
)

// Tool is a function of the program that the model can call. DefineTool makes one from a Go function.
type Tool struct {
	// Name is unique, and what the model calls it by.
	Name string `json:"name"`
	// Description is what the model reads about it.
	Description string `json:"description"`
	// Parameters is the JSON Schema of its arguments: anything that JSON makes an object of, nil for none.
	Parameters any `json:"parameters,omitempty"`
	// OverridesBuiltInTool lets it replace a built-in tool of the same name.
	OverridesBuiltInTool bool `json:"overridesBuiltInTool,omitempty"`
	// SkipPermission lets it run without a permission question.
	SkipPermission bool `json:"skipPermission,omitempty"`
	// Defer is "auto" or "never".
	Defer string `json:"defer,omitempty"`
	// Metadata is data of the program.
	Metadata any `json:"metadata,omitempty"`
	// IsTerminal ends the turn after a call that went well.
	IsTerminal bool `json:"isTerminal,omitempty"`
	// Namespace is the group that the tool belongs to.
	Namespace any `json:"namespace,omitempty"`
	// Handler runs it. A tool without one is only declared: somebody else runs it.
	Handler ToolHandler `json:"-"`
	// Extra are further members of the declaration.
	Extra map[string]any `json:"-"`
}

// MarshalJSON gives the declaration as the runtime takes it.
func (t Tool) MarshalJSON() ([]byte, error) {
	type plain Tool
	text, err := merged("tool "+t.Name, plain(t), t.Extra)
	return []byte(text), err
}

// ToolCall is one call of a tool.
type ToolCall struct {
	RequestID  string `json:"requestId"`
	ToolCallID string `json:"toolCallId"`
	ToolName   string `json:"toolName"`
	// Arguments are what the model gave, as JSON.
	Arguments json.RawMessage `json:"arguments"`
	// AgentID is the sub-agent that calls, "" for the main agent.
	AgentID string `json:"agentId"`
	// TraceParent and TraceState are the trace context of the call.
	TraceParent string `json:"traceparent"`
	TraceState  string `json:"tracestate"`
	// AvailableTools is what the runtime says of the session's tools, for one that takes the place of tool_search_tool.
	AvailableTools json.RawMessage `json:"availableTools"`
}

// ToolResult is what a tool says in full.
type ToolResult struct {
	// Text is for the model.
	Text string
	// Type is "success", "failure", "rejected" or "denied"; "" stands for success.
	Type string
	// Error says what went wrong.
	Error string
	// SessionLog is for the session's timeline.
	SessionLog string
	// Extra are further members, such as binaryResultsForLlm or toolTelemetry.
	Extra map[string]any
}

// MarshalJSON gives the result as the runtime takes it.
func (r ToolResult) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, value := range r.Extra {
		members[name] = value
	}
	members["textResultForLlm"] = r.Text
	for name, value := range map[string]string{"resultType": r.Type, "error": r.Error, "sessionLog": r.SessionLog} {
		if value != "" {
			members[name] = value
		}
	}
	return json.Marshal(members)
}

// ToolHandler runs a tool. A string is the text for the model, a ToolResult the whole result, nil no result; of anything else the model
// gets the JSON text. The text of an error goes to the model.
type ToolHandler func(context.Context, *ToolCall) (any, error)

// DefineTool makes a tool from a function. The schema of its arguments follows from A (see SchemaFor), into which they are read.
// The result R is as for a ToolHandler.
func DefineTool[A, R any](name, description string, run func(ctx context.Context, args A) (R, error)) Tool {
	return Tool{
		Name: name, Description: description, Parameters: SchemaFor[A](),
		Handler: func(ctx context.Context, call *ToolCall) (any, error) {
			var args A
			if len(call.Arguments) > 0 && string(call.Arguments) != "null" {
				if err := json.Unmarshal(call.Arguments, &args); err != nil {
					return nil, badJSON("the arguments of "+name, err)
				}
			}
			return run(ctx, args)
		},
	}
}

// toolAnswer is what a handler's value becomes on the wire.
func toolAnswer(value any) (any, error) {
	switch value := value.(type) {
	case nil, string, ToolResult:
		return value, nil
	case *ToolResult:
		if value == nil {
			return nil, nil
		}
		return *value, nil
	case json.RawMessage:
		return string(value), nil
	}
	if words := reflect.ValueOf(value); words.Kind() == reflect.String {
		return words.String(), nil
	}
	text, err := encoded("the result of the tool", value)
	if text == "null" {
		return nil, err
	}
	return text, err
}

// toolCall runs whichever tool of a session has the name now.
func (s *sessionState) toolCall(ctx context.Context, name string, text []byte) (any, error) {
	s.mutex.Lock()
	run := s.tools[name]
	s.mutex.Unlock()
	if run == nil {
		return nil, &CallError{Message: "there is no tool " + name}
	}
	call, err := decoded[ToolCall](string(text), nil)
	if err != nil {
		return nil, err
	}
	value, err := run(ctx, call)
	if err != nil {
		return nil, err
	}
	return toolAnswer(value)
}

// SetTools replaces all tools of the program in this session; after an error the old ones are still there.
func (s *Session) SetTools(ctx context.Context, tools []Tool) error {
	served, names := map[string]ToolHandler{}, []string{}
	for _, tool := range tools {
		if tool.Handler != nil {
			served[tool.Name] = tool.Handler
			names = append(names, tool.Name)
		}
	}
	text, err := encoded("tools", filled(tools))
	if err != nil {
		return err
	}
	options, err := encoded("handlers", map[string]any{"handlers": names})
	if err != nil {
		return err
	}
	return s.setTools(ctx, text, options, served)
}
