package copilot

// #include "bridge.h"
import "C"

import (
	"context"
	"encoding/json"
)

// registration is one handler of a session, as the library wants it.
type registration struct {
	kind   CallKind
	name   string
	answer callFunc
}

// build makes the library's configuration, to be freed by the caller.
func (c *SessionConfig) build(state *sessionState) (C.uintptr_t, error) {
	text, err := c.text()
	if err != nil {
		return 0, err
	}
	var made C.uintptr_t
	if err := takeError(C.copilot_go_config_new(str(text), &made)); err != nil {
		return 0, err
	}
	if err := c.fill(made, state); err != nil {
		C.copilot_go_config_free(made)
		return 0, err
	}
	return made, nil
}

// text is the options as JSON. Tools are told one by one.
func (c *SessionConfig) text() (string, error) {
	plain := *c
	plain.Tools = nil
	return merged("config", &plain, c.Extra)
}

func (c *SessionConfig) fill(made C.uintptr_t, state *sessionState) error {
	state.tools = map[string]ToolHandler{}
	for _, tool := range c.Tools {
		if err := addTool(made, state, tool); err != nil {
			return err
		}
	}
	for _, each := range c.registrations() {
		failure := C.copilot_go_config_on_call(made, C.uint32_t(each.kind), optional(each.name), own(&handler{state, each.answer}))
		if err := takeError(failure); err != nil {
			return err
		}
	}
	if c.OnEvent == nil {
		return nil
	}
	state.attached = true
	state.listen("", c.OnEvent)
	return takeError(C.copilot_go_config_on_event(made, own(&attachment{state})))
}

func addTool(made C.uintptr_t, state *sessionState, tool Tool) error {
	text, err := encoded("tool "+tool.Name, tool)
	if err != nil {
		return err
	}
	var user C.uintptr_t
	if tool.Handler != nil {
		state.tools[tool.Name] = tool.Handler
		user = own(&handler{state, state.toolCall})
	}
	return takeError(C.copilot_go_config_tool(made, str(tool.Name), str(text), user))
}

// registrations are the handlers that there are.
func (c *SessionConfig) registrations() []registration {
	list := c.single()
	add := func(kind CallKind, name string, answer callFunc) {
		list = append(list, registration{kind, name, answer})
	}
	for name, hook := range c.Hooks {
		add(CallHook, name, typed(func(ctx context.Context, input *HookInput) (any, error) { return hook(ctx, input) }))
	}
	for name, transform := range c.Transforms {
		add(CallSystemMessageTransform, name, transformCall(transform))
	}
	for name, token := range c.ProviderTokens {
		add(CallProviderToken, name, tokenCall(token))
	}
	for _, command := range c.Commands {
		if command.Handler != nil {
			add(CallCommand, command.Name, typed(func(ctx context.Context, call *CommandInvocation) (any, error) {
				return nil, command.Handler(ctx, call)
			}))
		}
	}
	for _, factory := range append(append([]Factory{}, c.Factories...), c.Workflows...) {
		if factory.Handler != nil {
			add(CallFactory, factory.Name, typed(func(ctx context.Context, run *FactoryRun) (any, error) {
				value, err := factory.Handler(ctx, run)
				return map[string]any{"result": value}, err
			}))
		}
	}
	for _, each := range c.Handlers {
		add(each.Kind, each.Name, func(ctx context.Context, name string, args []byte) (any, error) {
			return each.Run(ctx, name, json.RawMessage(args))
		})
	}
	return list
}

// single are the handlers of kinds that have one.
func (c *SessionConfig) single() []registration {
	var list []registration
	add := func(there bool, kind CallKind, answer callFunc) {
		if there {
			list = append(list, registration{kind: kind, answer: answer})
		}
	}
	add(c.OnPermissionRequest != nil, CallPermission, answering(c.OnPermissionRequest))
	add(c.OnUserInputRequest != nil, CallUserInput, answering(c.OnUserInputRequest))
	add(c.OnExitPlanModeRequest != nil, CallExitPlanMode, answering(c.OnExitPlanModeRequest))
	add(c.OnAutoModeSwitchRequest != nil, CallAutoModeSwitch, answering(c.OnAutoModeSwitchRequest))
	add(c.OnElicitationRequest != nil, CallElicitation, answering(c.OnElicitationRequest))
	add(c.OnMCPAuthRequest != nil, CallMCPAuth, answering(c.OnMCPAuthRequest))
	add(c.CanvasHandler != nil, CallCanvas, answering(c.CanvasHandler))
	add(c.GitHubTokenProvider != nil, CallGitHubToken, typed(func(ctx context.Context, request *GitHubTokenRequest) (any, error) {
		token, err := c.GitHubTokenProvider(ctx, request)
		return token.wire(), err
	}))
	if c.SessionFS != nil {
		add(true, CallSessionFS, fsCall(c.SessionFS))
	}
	if c.SkillProvider != nil {
		add(true, CallSkillProvider, skillCall(c.SkillProvider))
	}
	return list
}

// answering adapts a handler with typed arguments and answer.
func answering[A, R any, H ~func(context.Context, *A) (R, error)](handler H) callFunc {
	return typed(func(ctx context.Context, args *A) (any, error) { return handler(ctx, args) })
}

func transformCall(handler TransformHandler) callFunc {
	return typed(func(ctx context.Context, args *struct {
		SectionID string `json:"sectionId"`
		Content   string `json:"content"`
	}) (any, error) {
		return handler(ctx, args.SectionID, args.Content)
	})
}

func tokenCall(handler ProviderTokenHandler) callFunc {
	return typed(func(ctx context.Context, args *struct {
		ProviderName string `json:"providerName"`
	}) (any, error) {
		return handler(ctx, args.ProviderName)
	})
}

func skillCall(provider SkillProvider) callFunc {
	return typed(func(ctx context.Context, args *struct {
		Method string `json:"method"`
		Name   string `json:"name"`
	}) (any, error) {
		if args.Method == "read" {
			return provider.ReadSkill(ctx, args.Name)
		}
		return provider.ListSkills(ctx)
	})
}

func (t *GitHubToken) wire() map[string]any {
	if t == nil {
		return map[string]any{"kind": "cancelled"}
	}
	members := map[string]any{"kind": "token", "accessToken": t.AccessToken, "expiresIn": t.ExpiresIn}
	if t.TokenType != "" {
		members["tokenType"] = t.TokenType
	}
	return members
}
