package copilot

import (
	"context"
	"encoding/json"
	"weak"
)

// Handlers of a client answer questions that concern no session. Otherwise they are like those of a session.

// ListModelsHandler lists the models in place of the runtime.
type ListModelsHandler func(context.Context) ([]Model, error)

// ExtensionLaunchRequest asks which program runs an extension.
type ExtensionLaunchRequest struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	ModulePath string `json:"modulePath"`
	Source     string `json:"source"`
}

// ExtensionLaunch is that program.
type ExtensionLaunch struct {
	Executable string            `json:"executable"`
	Args       []string          `json:"args"`
	Env        map[string]string `json:"env"`
}

// ExtensionLaunchHandler chooses the program; nil leaves it to the runtime, which waits 15 seconds.
type ExtensionLaunchHandler func(context.Context, *ExtensionLaunchRequest) (*ExtensionLaunch, error)

// InstallationRequest asks whether something may be installed.
type InstallationRequest struct {
	ConfirmationID    string          `json:"confirmationId"`
	OperationID       string          `json:"operationId"`
	ExpiresAt         json.RawMessage `json:"expiresAt"`
	Review            json.RawMessage `json:"review"`
	ReviewFingerprint string          `json:"reviewFingerprint"`
	PolicySessionID   string          `json:"policySessionId"`
}

// InstallationHandler answers "confirm", "decline" or "cancel"; with anything else nothing is installed.
type InstallationHandler func(context.Context, *InstallationRequest) (string, error)

// UIThreadHandler brings an action to the application's main thread and runs it there. run blocks for as long as the action takes, and
// fails when the action is over already or the thread is not the one that the runtime's library wants.
type UIThreadHandler func(ctx context.Context, run func() error) error

func uiCall(client weak.Pointer[Client], handler UIThreadHandler) callFunc {
	return func(ctx context.Context, _ string, text []byte) (any, error) {
		action, err := decoded[struct {
			ActionID uint32 `json:"actionId"`
		}](string(text), nil)
		if err != nil {
			return nil, err
		}
		return nil, handler(ctx, func() error {
			owner := client.Value()
			if owner == nil {
				return &Error{Kind: KindBadHandle, Message: "the client is gone"}
			}
			return owner.RunUIAction(action.ActionID)
		})
	}
}

// telemetryOnly passes on the telemetry of the runtime.
func telemetryOnly(handler func(json.RawMessage)) func(*Notification) {
	return func(news *Notification) {
		if news.Method == "gitHubTelemetry.event" {
			handler(news.Params)
		}
	}
}

// text is the options as JSON.
func (o *ClientOptions) text() (string, error) {
	extra := map[string]any{"handlers": o.served()}
	if o.Connection != nil {
		extra["connection"] = o.Connection
	}
	for name, value := range o.Extra {
		extra[name] = value
	}
	return merged("options", o, extra)
}

// served says which questions the program answers.
func (o *ClientOptions) served() map[string]bool {
	served := map[string]bool{}
	for name, there := range map[string]bool{
		"listModels": o.OnListModels != nil, "extensionLaunch": o.OnExtensionLaunch != nil,
		"installationConfirmation": o.OnInstallationConfirmation != nil, "uiThread": o.OnUIThread != nil,
		"gitHubTelemetry": o.OnGitHubTelemetry != nil, "requestHandler": o.OnModelRequest != nil,
	} {
		if there {
			served[name] = true
		}
	}
	return served
}

// calls are the handlers by kind.
func (o *ClientOptions) calls() map[CallKind]callFunc {
	calls := map[CallKind]callFunc{}
	if o.OnListModels != nil {
		calls[CallListModels] = func(ctx context.Context, _ string, _ []byte) (any, error) {
			models, err := o.OnListModels(ctx)
			if models == nil {
				models = []Model{}
			}
			return models, err
		}
	}
	if o.OnExtensionLaunch != nil {
		calls[CallExtensionLaunch] = typed(func(ctx context.Context, request *ExtensionLaunchRequest) (any, error) {
			return o.OnExtensionLaunch(ctx, request)
		})
	}
	if o.OnInstallationConfirmation != nil {
		calls[CallInstallationConfirmation] = typed(func(ctx context.Context, request *InstallationRequest) (any, error) {
			return o.OnInstallationConfirmation(ctx, request)
		})
	}
	return calls
}

// typed reads the arguments of a handler.
func typed[A any](handler func(context.Context, *A) (any, error)) callFunc {
	return func(ctx context.Context, _ string, text []byte) (any, error) {
		args, err := decoded[A](string(text), nil)
		if err != nil {
			return nil, err
		}
		return handler(ctx, args)
	}
}
