//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	copilot "github.com/copilot-native/copilot-native/bindings/go"
)

// Canned handlers of a case, written the way users write them.

// ambient is the key under which a session's maker says who it is.
type ambient struct{}

// answer gives what a case says: a value, an error, or nothing as long as somebody wants it.
func answer(ctx context.Context, behaviour any) (any, error) {
	given, _ := behaviour.(object)
	if words, throws := given["throw"]; throws {
		return nil, errors.New(text(words))
	}
	if given["hang"] == true {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return behaviour, nil
}

// typed is answer as a value of the handler's own type.
func typed[T any](ctx context.Context, behaviour any) (T, error) {
	var made T
	value, err := answer(ctx, behaviour)
	if err != nil {
		return made, err
	}
	content, err := json.Marshal(value)
	if err != nil {
		return made, err
	}
	return made, json.Unmarshal(content, &made)
}

func handled[A, T any](behaviour any) func(context.Context, A) (T, error) {
	return func(ctx context.Context, _ A) (T, error) { return typed[T](ctx, behaviour) }
}

func tool(spec object) copilot.Tool {
	made := copilot.Tool{Name: text(spec["name"]), Description: text(spec["description"]), Parameters: spec["parameters"]}
	made.Handler = func(ctx context.Context, call *copilot.ToolCall) (any, error) {
		time.Sleep(time.Duration(number(spec, "delay_ms", 0)) * time.Millisecond)
		switch {
		case spec["fail"] != nil:
			return nil, errors.New(text(spec["fail"]))
		case spec["hang"] == true:
			<-ctx.Done()
			return nil, ctx.Err()
		case spec["echo"] == true:
			return string(call.Arguments), nil
		}
		result, whole := spec["answer"].(object)
		if _, has := result["textResultForLlm"]; !whole || !has {
			return spec["answer"], nil
		}
		made := copilot.ToolResult{Text: text(result["textResultForLlm"]), Type: text(result["resultType"]), Extra: result}
		return made, nil
	}
	return made
}

func permission(behaviour any) copilot.PermissionHandler {
	return func(ctx context.Context, _ *copilot.PermissionRequest) (copilot.PermissionDecision, error) {
		if given, has := behaviour.(object); has {
			reject, _ := given["reject"].(object)
			return copilot.Reject(text(reject["feedback"])), nil
		}
		switch behaviour {
		case "approve":
			return copilot.ApproveOnce(), nil
		case "reject":
			return copilot.Reject(""), nil
		case "user-not-available":
			return copilot.UserNotAvailable(), nil
		case "no-result":
			return copilot.NoResult(), nil
		case "throw":
			return copilot.PermissionDecision{}, errors.New("the permission handler failed")
		}
		<-ctx.Done()
		return copilot.PermissionDecision{}, ctx.Err()
	}
}

func userInput(spec any) copilot.UserInputHandler {
	return func(ctx context.Context, _ *copilot.UserInputRequest) (copilot.UserInputAnswer, error) {
		if given, has := spec.(object); has && given["context"] == true {
			who, _ := ctx.Value(ambient{}).(string)
			return copilot.UserInputAnswer{Answer: who}, nil
		}
		return typed[copilot.UserInputAnswer](ctx, spec)
	}
}

// files serves the same text for every file. The other operations are not asked for.
type files struct {
	copilot.SessionFS
	behaviour any
}

func (f files) ReadFile(ctx context.Context, _ string) (string, error) {
	return typed[string](ctx, f.behaviour)
}

type skills struct{ behaviour any }

func (s skills) ListSkills(ctx context.Context) ([]copilot.Skill, error) { return nil, nil }

func (s skills) ReadSkill(ctx context.Context, _ string) (*string, error) {
	return typed[*string](ctx, s.behaviour)
}

// sessionConfig is what a create or resume describes.
func sessionConfig(args object) (*copilot.SessionConfig, error) {
	made := &copilot.SessionConfig{}
	content, err := json.Marshal(args["config"])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(content, made); err != nil {
		return nil, err
	}
	for _, spec := range list(args["tools"]) {
		made.Tools = append(made.Tools, tool(spec.(object)))
	}
	addSingle(made, args)
	addNamed(made, args)
	return made, nil
}

func addSingle(made *copilot.SessionConfig, args object) {
	for key, behaviour := range args {
		switch key {
		case "permission":
			made.OnPermissionRequest = permission(behaviour)
		case "user_input":
			made.OnUserInputRequest = userInput(behaviour)
		case "elicitation":
			made.OnElicitationRequest = handled[*copilot.ElicitationRequest, copilot.ElicitationAnswer](behaviour)
		case "exit_plan_mode":
			made.OnExitPlanModeRequest = handled[*copilot.ExitPlanModeRequest, copilot.ExitPlanModeAnswer](behaviour)
		case "auto_mode_switch":
			made.OnAutoModeSwitchRequest = handled[*copilot.AutoModeSwitchRequest, string](behaviour)
		case "mcp_auth":
			made.OnMCPAuthRequest = handled[*copilot.MCPAuthRequest, *copilot.MCPAuthAnswer](behaviour)
		case "canvas":
			made.CanvasHandler = handled[*copilot.CanvasRequest, any](behaviour)
		case "session_fs":
			made.SessionFS = files{behaviour: behaviour}
		case "skill_provider":
			made.SkillProvider = skills{behaviour}
		case "git_hub_token":
			made.GitHubTokenProvider = handled[*copilot.GitHubTokenRequest, *copilot.GitHubToken](behaviour)
		}
	}
}

func addNamed(made *copilot.SessionConfig, args object) {
	made.Hooks = map[string]copilot.HookHandler{}
	for kind, behaviour := range members(args, "hooks") {
		made.Hooks[kind] = handled[*copilot.HookInput, any](behaviour)
	}
	made.Transforms = map[string]copilot.TransformHandler{}
	for section, behaviour := range members(args, "transforms") {
		made.Transforms[section] = func(ctx context.Context, _, _ string) (string, error) { return typed[string](ctx, behaviour) }
	}
	made.ProviderTokens = map[string]copilot.ProviderTokenHandler{}
	for provider, behaviour := range members(args, "provider_token") {
		made.ProviderTokens[provider] = handled[string, string](behaviour)
	}
	for name, behaviour := range members(args, "commands") {
		made.Commands = append(made.Commands, copilot.Command{Name: name,
			Handler: func(ctx context.Context, _ *copilot.CommandInvocation) error {
				_, err := answer(ctx, behaviour)
				return err
			}})
	}
	for name, behaviour := range members(args, "factories") {
		made.Factories = append(made.Factories, copilot.Factory{Name: name, Handler: handled[*copilot.FactoryRun, any](behaviour)})
	}
}

func members(args object, key string) object {
	found, _ := args[key].(object)
	return found
}

// -- clients ---------------------------------------------------------------------------------------------------------------

func (r *Run) makeClient(args object) error {
	given := members(args, "options")
	options := &copilot.ClientOptions{Logger: quiet}
	content, err := json.Marshal(given)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, options); err != nil {
		return err
	}
	env := map[string]string{}
	for key, value := range members(given, "env") {
		env[key] = text(value)
	}
	path, more := name(given, "path", os.Getenv("COPILOT_FAKE_RUNTIME")), []string{"--script", r.script, "--record", r.recording}
	if r.runtime == "real" {
		path, more = name(given, "path", os.Getenv("COPILOT_CLI_PATH")), nil
		env["COPILOT_HOME"] = filepath.Join(r.home, "copilot")
		if options.UseLoggedInUser == nil {
			options.UseLoggedInUser = new(false)
		}
	}
	options.Connection, err = r.connection(args, options, path, more)
	if err != nil {
		return err
	}
	options.Env = nil
	if len(env) > 0 && options.Connection.Kind != "uri" {
		options.Env = environ(env)
	}
	addClientHandlers(options, args)
	client, err := copilot.NewClient(options)
	if err != nil {
		return err
	}
	as := name(args, "as", name(args, "client", "client"))
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.clients[as], r.hosts[as] = client, args["ahp_host"]
	return nil
}

// environ is the present environment with additions.
func environ(added map[string]string) map[string]string {
	made := map[string]string{}
	for _, entry := range os.Environ() {
		key, value, _ := strings.Cut(entry, "=")
		made[key] = value
	}
	for key, value := range added {
		made[key] = value
	}
	return made
}

func (r *Run) connection(args object, options *copilot.ClientOptions, path string, more []string) (*copilot.Connection, error) {
	switch name(args, "connection", "stdio") {
	case "uri":
		url := text(args["url"])
		if url == "" {
			served, err := r.serve(text(args["serverToken"]), path, more)
			if err != nil {
				return nil, err
			}
			url = served
		}
		return copilot.URI(url, text(args["token"])), nil
	case "inprocess":
		// The library finds there which program plays the runtime.
		words := strings.Join(append([]string{path}, more...), "\n")
		if err := os.WriteFile(filepath.Join(r.home, "fake-runtime"), []byte(words), 0o600); err != nil {
			return nil, err
		}
		options.BaseDirectory = r.home
		return copilot.InProcess(os.Getenv("COPILOT_FAKE_LIBRARY")), nil
	case "tcp":
		connection := copilot.TCP(path, more...)
		connection.ConnectionToken = text(args["token"])
		return connection, nil
	}
	return copilot.Stdio(path, more...), nil
}

func (r *Run) serve(token, path string, more []string) (string, error) {
	var env []string
	if token != "" {
		env = []string{"COPILOT_CONNECTION_TOKEN=" + token}
	}
	line, err := r.spawn(env, path, append(more, "--port", "0")...)
	if err != nil {
		return "", fmt.Errorf("the fake runtime: %w", err)
	}
	return "127.0.0.1:" + line[strings.LastIndex(line, " ")+1:], nil
}

func addClientHandlers(options *copilot.ClientOptions, args object) {
	if behaviour, has := args["list_models"]; has {
		options.OnListModels = func(ctx context.Context) ([]copilot.Model, error) {
			return typed[[]copilot.Model](ctx, behaviour)
		}
	}
	if behaviour, has := args["extension_launch"]; has {
		options.OnExtensionLaunch = handled[*copilot.ExtensionLaunchRequest, *copilot.ExtensionLaunch](behaviour)
	}
	if behaviour, has := args["installation_confirmation"]; has {
		options.OnInstallationConfirmation = handled[*copilot.InstallationRequest, string](behaviour)
	}
	if behaviour, has := args["request_handler"]; has {
		options.OnModelRequest = func(ctx context.Context, _ *copilot.ModelRequest, response *copilot.ModelResponse) error {
			found, err := typed[object](ctx, behaviour)
			if err != nil {
				return err
			}
			return response.Start(int(number(found, "status", 0)), nil)
		}
	}
	if behaviour, has := args["ui_thread"]; has {
		options.OnUIThread = func(ctx context.Context, run func() error) error {
			if _, err := answer(ctx, behaviour); err != nil {
				return err
			}
			return run()
		}
	}
}

// ahpHandler serves a host as the case says; sessions are those that the case made.
func (r *Run) ahpHandler(client string) copilot.AHPHandler {
	r.mutex.Lock()
	behaviour := r.hosts[client]
	r.mutex.Unlock()
	return copilot.AHPHandler{
		CreateSession: func(ctx context.Context, _ *copilot.AHPSessionRequest) (*copilot.Session, error) {
			found, err := typed[object](ctx, behaviour)
			if err != nil {
				return nil, err
			}
			r.mutex.Lock()
			defer r.mutex.Unlock()
			for _, session := range r.sessions {
				if session.ID() == text(found["sessionId"]) {
					return session, nil
				}
			}
			return nil, errors.New("there is no such session")
		},
		Authenticate: func(ctx context.Context, _ *copilot.AHPAuthentication) (*copilot.AHPIdentity, error) {
			return typed[*copilot.AHPIdentity](ctx, behaviour)
		},
	}
}
