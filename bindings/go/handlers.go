package copilot

import (
	"context"
	"encoding/json"
)

// Handlers of a session answer the agent's questions. Each runs on a goroutine of its own. Its context ends when the answer is no longer
// wanted, and has the values of the context that the session was made with; SessionFromContext gives the session. An error is the answer
// too: CallError says more than a text. So is a panic, which is also logged.

// PermissionRequest asks whether the agent may do something.
type PermissionRequest struct {
	RequestID string `json:"requestId"`
	// Request says what, as JSON; its members depend on Kind.
	Request json.RawMessage `json:"permissionRequest"`
	// Prompt is how the runtime would ask a person; may be nil.
	Prompt json.RawMessage `json:"promptRequest"`
	// ManagedSettingsEnabled: the organisation has settings; a handler that approves everything must refuse.
	ManagedSettingsEnabled bool `json:"managedSettingsEnabled"`
	// NeedsHuman: the organisation wants a person to decide; a program must answer NoResult.
	NeedsHuman bool `json:"needsHuman"`
}

// Kind is what is asked for: "shell", "write", "read", "url", "mcp" and others.
func (r *PermissionRequest) Kind() string {
	var head struct {
		Kind string `json:"kind"`
	}
	_ = json.Unmarshal(r.Request, &head)
	return head.Kind
}

// PermissionDecision answers a PermissionRequest. ApproveOnce, Reject and their like make the usual ones.
type PermissionDecision struct {
	Kind     string
	Feedback string
	// Context attributes the decision, if it is set.
	Context any
	// Extra are further members of the decision.
	Extra map[string]any
}

// ApproveOnce lets the agent do it this time.
func ApproveOnce() PermissionDecision { return PermissionDecision{Kind: "approve-once"} }

// Reject refuses; feedback, which may be empty, is told to the agent.
func Reject(feedback string) PermissionDecision {
	return PermissionDecision{Kind: "reject", Feedback: feedback}
}

// UserNotAvailable says that there is nobody to decide.
func UserNotAvailable() PermissionDecision { return PermissionDecision{Kind: "user-not-available"} }

// NoResult leaves the decision to somebody else.
func NoResult() PermissionDecision { return PermissionDecision{Kind: "no-result"} }

// MarshalJSON gives the decision as the runtime takes it.
func (d PermissionDecision) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, value := range d.Extra {
		members[name] = value
	}
	members["kind"] = d.Kind
	if d.Feedback != "" {
		members["feedback"] = d.Feedback
	}
	if d.Context == nil {
		return json.Marshal(members)
	}
	return json.Marshal(map[string]any{"decision": members, "decisionContext": d.Context})
}

// PermissionHandler decides what the agent may do. An error counts as UserNotAvailable.
type PermissionHandler func(context.Context, *PermissionRequest) (PermissionDecision, error)

// ApproveAll is a PermissionHandler that allows everything, except where an organisation has settings or wants a person to decide.
func ApproveAll(_ context.Context, request *PermissionRequest) (PermissionDecision, error) {
	if request.NeedsHuman {
		return NoResult(), nil
	}
	if request.ManagedSettingsEnabled {
		return Reject("approving everything is not allowed in a session with managed settings"), nil
	}
	return ApproveOnce(), nil
}

// UserInputRequest is a question for the person in front of the program.
type UserInputRequest struct {
	Question      string   `json:"question"`
	Choices       []string `json:"choices"`
	AllowFreeform bool     `json:"allowFreeform"`
}

// UserInputAnswer answers a UserInputRequest.
type UserInputAnswer struct {
	Answer string `json:"answer"`
	// WasFreeform: it is none of the choices.
	WasFreeform bool `json:"wasFreeform"`
}

// UserInputHandler asks the person.
type UserInputHandler func(context.Context, *UserInputRequest) (UserInputAnswer, error)

// ExitPlanModeRequest asks whether the agent may leave plan mode.
type ExitPlanModeRequest struct {
	Summary           string   `json:"summary"`
	Actions           []string `json:"actions"`
	RecommendedAction string   `json:"recommendedAction"`
	PlanContent       string   `json:"planContent"`
}

// ExitPlanModeAnswer answers an ExitPlanModeRequest.
type ExitPlanModeAnswer struct {
	Approved       bool   `json:"approved"`
	SelectedAction string `json:"selectedAction,omitempty"`
	Feedback       string `json:"feedback,omitempty"`
}

// ExitPlanModeHandler decides about it.
type ExitPlanModeHandler func(context.Context, *ExitPlanModeRequest) (ExitPlanModeAnswer, error)

// AutoModeSwitchRequest proposes that the model be chosen automatically.
type AutoModeSwitchRequest struct {
	ErrorCode         string   `json:"errorCode"`
	RetryAfterSeconds *float64 `json:"retryAfterSeconds"`
}

// AutoModeSwitchHandler answers "yes", "yes_always" or "no".
type AutoModeSwitchHandler func(context.Context, *AutoModeSwitchRequest) (string, error)

// HookInput is what a hook is called with.
type HookInput struct {
	// Type is the name of the hook, such as "preToolUse".
	Type string `json:"hookType"`
	// Input depends on the type.
	Input json.RawMessage `json:"input"`
}

// Decode reads the input.
func (h *HookInput) Decode(into any) error {
	if err := json.Unmarshal(h.Input, into); err != nil {
		return badJSON("the input of the hook "+h.Type, err)
	}
	return nil
}

// HookHandler runs at a point of the agent's work. What it gives is the hook's output, any JSON; nil changes nothing.
type HookHandler func(context.Context, *HookInput) (any, error)

// TransformHandler rewrites a section of the system message.
type TransformHandler func(ctx context.Context, section, content string) (string, error)

// ElicitationRequest is a form to be filled in.
type ElicitationRequest struct {
	RequestID         string          `json:"requestId"`
	Message           string          `json:"message"`
	RequestedSchema   json.RawMessage `json:"requestedSchema"`
	Mode              string          `json:"mode"`
	ElicitationSource string          `json:"elicitationSource"`
	URL               string          `json:"url"`
}

// ElicitationAnswer is a form that was filled in, or not: Action is "accept", "decline" or "cancel".
type ElicitationAnswer struct {
	Action  string         `json:"action"`
	Content map[string]any `json:"content,omitempty"`
}

// ElicitationHandler fills in forms.
type ElicitationHandler func(context.Context, *ElicitationRequest) (ElicitationAnswer, error)

// MCPAuthRequest asks for a token for an MCP server.
type MCPAuthRequest struct {
	RequestID  string `json:"requestId"`
	ServerName string `json:"serverName"`
	ServerURL  string `json:"serverUrl"`
	Reason     string `json:"reason"`
	document
}

// UnmarshalJSON reads the request and keeps all of it.
func (r *MCPAuthRequest) UnmarshalJSON(text []byte) error {
	type plain MCPAuthRequest
	if err := json.Unmarshal(text, (*plain)(r)); err != nil {
		return err
	}
	r.raw = append(json.RawMessage{}, text...)
	return nil
}

// MCPAuthAnswer is a token, or with the Kind "cancelled" none.
type MCPAuthAnswer struct {
	Kind        string `json:"kind,omitempty"`
	AccessToken string `json:"accessToken,omitempty"`
	TokenType   string `json:"tokenType,omitempty"`
	ExpiresIn   *int64 `json:"expiresIn,omitempty"`
}

// MCPAuthHandler gets tokens for MCP servers; nil stands for none.
type MCPAuthHandler func(context.Context, *MCPAuthRequest) (*MCPAuthAnswer, error)

// CommandInvocation is a slash command that the user typed.
type CommandInvocation struct {
	RequestID string `json:"requestId"`
	// Command is the whole line.
	Command string `json:"command"`
	Name    string `json:"commandName"`
	Args    string `json:"args"`
}

// Command is a slash command that the program serves.
type Command struct {
	Name        string                                          `json:"name"`
	Description string                                          `json:"description,omitempty"`
	Handler     func(context.Context, *CommandInvocation) error `json:"-"`
}

// ProviderTokenHandler gets a bearer token for a model provider.
type ProviderTokenHandler func(ctx context.Context, provider string) (string, error)

// CanvasRequest says that a canvas is opened, closed or acted upon.
type CanvasRequest struct {
	// Method is "open", "close" or "action.invoke".
	Method      string          `json:"method"`
	SessionID   string          `json:"sessionId"`
	ExtensionID string          `json:"extensionId"`
	CanvasID    string          `json:"canvasId"`
	InstanceID  string          `json:"instanceId"`
	ActionName  string          `json:"actionName"`
	Input       json.RawMessage `json:"input"`
	document
}

// UnmarshalJSON reads the request and keeps all of it.
func (r *CanvasRequest) UnmarshalJSON(text []byte) error {
	type plain CanvasRequest
	if err := json.Unmarshal(text, (*plain)(r)); err != nil {
		return err
	}
	r.raw = append(json.RawMessage{}, text...)
	return nil
}

// CanvasHandler serves the canvases. Any JSON is an answer; a CallError whose data is {"code": …} keeps its code.
type CanvasHandler func(context.Context, *CanvasRequest) (any, error)

// Skill describes a skill of the program.
type Skill struct {
	Name        string
	Description string
	// Extra are further members.
	Extra map[string]any
}

// MarshalJSON gives the description as the runtime takes it.
func (s Skill) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, value := range s.Extra {
		members[name] = value
	}
	members["name"], members["description"] = s.Name, s.Description
	return json.Marshal(members)
}

// SkillProvider has skills that the agent may use.
type SkillProvider interface {
	// ListSkills lists them; nil stands for none.
	ListSkills(ctx context.Context) ([]Skill, error)
	// ReadSkill gives the Markdown of one of them, nil when there is none of that name.
	ReadSkill(ctx context.Context, name string) (*string, error)
}

// GitHubTokenRequest asks for a GitHub token.
type GitHubTokenRequest struct {
	Host      string `json:"host"`
	SessionID string `json:"sessionId"`
	Reason    string `json:"reason"`
}

// GitHubToken is a token with the seconds for which it is good.
type GitHubToken struct {
	AccessToken string
	ExpiresIn   int64
	TokenType   string
}

// GitHubTokenHandler gets tokens for a session; nil says that there is none.
type GitHubTokenHandler func(context.Context, *GitHubTokenRequest) (*GitHubToken, error)

// FactoryRun is one run of a factory, or workflow as newer runtimes call it.
type FactoryRun struct {
	Name string `json:"name"`
	// Family is "factory" or "workflow": the run's own calls are those of session.factory.* or session.workflow.*.
	Family         string          `json:"family"`
	RunID          string          `json:"runId"`
	ExecutionToken string          `json:"executionToken"`
	Args           json.RawMessage `json:"args"`
}

// Factory is a job that an extension offers.
type Factory struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Phases      []any  `json:"phases"`
	// Handler runs it and gives the result, any JSON. Its context ends when the runtime aborts the run.
	Handler func(context.Context, *FactoryRun) (any, error) `json:"-"`
}

// MarshalJSON gives the description as the runtime takes it.
func (f Factory) MarshalJSON() ([]byte, error) {
	phases := f.Phases
	if phases == nil {
		phases = []any{}
	}
	return json.Marshal(map[string]any{"name": f.Name, "description": f.Description, "phases": phases})
}

// Handler answers questions of a kind that has no field of its own.
type Handler struct {
	Kind CallKind
	// Name chooses among several handlers of a kind, where it has several.
	Name string
	// Run gets the arguments as JSON; what it gives is sent as JSON.
	Run func(ctx context.Context, name string, args json.RawMessage) (any, error)
}
