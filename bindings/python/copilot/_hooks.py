"""Hooks: what the runtime asks before and after its own steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict


class PreToolUseHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    toolName: str
    toolArgs: Any
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class PreToolUseHookOutput(TypedDict, total=False):
    permissionDecision: Literal["allow", "deny", "ask"]
    permissionDecisionReason: str
    modifiedArgs: Any
    additionalContext: str
    suppressOutput: bool


PreToolUseHandler = Callable[
    [PreToolUseHookInput, dict[str, str]],
    PreToolUseHookOutput | None | Awaitable[PreToolUseHookOutput | None],
]


class PreMcpToolCallHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    serverName: str
    toolName: str
    arguments: Any
    toolCallId: NotRequired[str]
    _meta: NotRequired[dict[str, Any]]
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class PreMcpToolCallHookOutput(TypedDict, total=False):
    metaToUse: dict[str, Any] | None


PreMcpToolCallHandler = Callable[
    [PreMcpToolCallHookInput, dict[str, str]],
    PreMcpToolCallHookOutput | None | Awaitable[PreMcpToolCallHookOutput | None],
]


class PostToolUseHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    toolName: str
    toolArgs: Any
    toolResult: Any
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class PostToolUseHookOutput(TypedDict, total=False):
    modifiedResult: Any
    additionalContext: str
    suppressOutput: bool


PostToolUseHandler = Callable[
    [PostToolUseHookInput, dict[str, str]],
    PostToolUseHookOutput | None | Awaitable[PostToolUseHookOutput | None],
]


class PostToolUseFailureHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    toolName: str
    toolArgs: Any
    error: str
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class PostToolUseFailureHookOutput(TypedDict, total=False):
    additionalContext: str


PostToolUseFailureHandler = Callable[
    [PostToolUseFailureHookInput, dict[str, str]],
    PostToolUseFailureHookOutput | None | Awaitable[PostToolUseFailureHookOutput | None],
]


class UserPromptSubmittedHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    prompt: str
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class UserPromptSubmittedHookOutput(TypedDict, total=False):
    modifiedPrompt: str
    additionalContext: str
    suppressOutput: bool
    decision: Literal["block"]
    reason: str


UserPromptSubmittedHandler = Callable[
    [UserPromptSubmittedHookInput, dict[str, str]],
    UserPromptSubmittedHookOutput | None | Awaitable[UserPromptSubmittedHookOutput | None],
]


class SessionStartHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    source: Literal["startup", "resume", "new"]
    initialPrompt: NotRequired[str]
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class SessionStartHookOutput(TypedDict, total=False):
    additionalContext: str
    modifiedConfig: dict[str, Any]


SessionStartHandler = Callable[
    [SessionStartHookInput, dict[str, str]],
    SessionStartHookOutput | None | Awaitable[SessionStartHookOutput | None],
]


class SessionEndHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    reason: Literal["complete", "error", "abort", "timeout", "user_exit"]
    finalMessage: NotRequired[str]
    error: NotRequired[str]
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class SessionEndHookOutput(TypedDict, total=False):
    suppressOutput: bool
    cleanupActions: list[str]
    sessionSummary: str


SessionEndHandler = Callable[
    [SessionEndHookInput, dict[str, str]],
    SessionEndHookOutput | None | Awaitable[SessionEndHookOutput | None],
]


class ErrorOccurredHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    error: str
    errorContext: Literal["model_call", "tool_execution", "system", "user_input"]
    recoverable: bool
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class ErrorOccurredHookOutput(TypedDict, total=False):
    suppressOutput: bool
    errorHandling: Literal["retry", "skip", "abort"]
    retryCount: int
    userNotification: str


ErrorOccurredHandler = Callable[
    [ErrorOccurredHookInput, dict[str, str]],
    ErrorOccurredHookOutput | None | Awaitable[ErrorOccurredHookOutput | None],
]


class UserPromptTransformedHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    prompt: str
    transformedPrompt: str
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class UserPromptTransformedHookOutput(TypedDict, total=False):
    modifiedTransformedPrompt: str


UserPromptTransformedHandler = Callable[
    [UserPromptTransformedHookInput, dict[str, str]],
    UserPromptTransformedHookOutput | None | Awaitable[UserPromptTransformedHookOutput | None],
]


class AgentStopHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    stopReason: NotRequired[str]
    transcriptPath: NotRequired[str]
    stopHookActive: NotRequired[bool]
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class AgentStopHookOutput(TypedDict, total=False):
    decision: Literal["block"]
    reason: str


AgentStopHandler = Callable[
    [AgentStopHookInput, dict[str, str]],
    AgentStopHookOutput | None | Awaitable[AgentStopHookOutput | None],
]


class SubagentStartHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    transcriptPath: str
    agentName: str
    agentDisplayName: NotRequired[str]
    agentDescription: NotRequired[str]
    agentId: NotRequired[str]
    agentType: NotRequired[str]
    parentAgentId: NotRequired[str]


class SubagentStartHookOutput(TypedDict, total=False):
    additionalContext: str


SubagentStartHandler = Callable[
    [SubagentStartHookInput, dict[str, str]],
    SubagentStartHookOutput | None | Awaitable[SubagentStartHookOutput | None],
]


class SubagentStopHookInput(TypedDict):
    sessionId: str
    timestamp: datetime
    workingDirectory: str
    transcriptPath: str
    agentName: str
    agentType: str
    stopReason: Literal["end_turn"]
    response: str
    agentId: NotRequired[str]
    agentDisplayName: NotRequired[str]
    agentDescription: NotRequired[str]
    parentAgentId: NotRequired[str]


class SubagentStopBlockHookOutput(TypedDict):
    decision: Literal["block"]
    reason: str
    modifiedResponse: NotRequired[str]


class SubagentStopAllowHookOutput(TypedDict, total=False):
    decision: Literal["allow"]
    modifiedResponse: str


SubagentStopHookOutput = SubagentStopBlockHookOutput | SubagentStopAllowHookOutput

SubagentStopHandler = Callable[
    [SubagentStopHookInput, dict[str, str]],
    SubagentStopHookOutput | None | Awaitable[SubagentStopHookOutput | None],
]


class SessionHooks(TypedDict, total=False):
    on_pre_tool_use: PreToolUseHandler
    on_pre_mcp_tool_call: PreMcpToolCallHandler
    on_post_tool_use: PostToolUseHandler
    on_post_tool_use_failure: PostToolUseFailureHandler
    on_user_prompt_submitted: UserPromptSubmittedHandler
    on_session_start: SessionStartHandler
    on_session_end: SessionEndHandler
    on_error_occurred: ErrorOccurredHandler
    on_user_prompt_transformed: UserPromptTransformedHandler
    on_agent_stop: AgentStopHandler
    on_subagent_start: SubagentStartHandler
    on_subagent_stop: SubagentStopHandler
