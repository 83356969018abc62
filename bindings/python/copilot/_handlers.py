"""Shapes of the questions a session asks its user, and of the answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from .generated.session_events import SessionEvent
    from .session import CopilotSession
    from .session_fs_provider import SessionFsProvider


class McpAuthWwwAuthenticateParams(TypedDict, total=False):
    resourceMetadataUrl: str
    scope: str
    error: str


class McpAuthStaticClientConfig(TypedDict):
    clientId: str
    clientSecret: NotRequired[str]
    grantType: NotRequired[Literal["client_credentials"]]
    publicClient: NotRequired[bool]
    scope: NotRequired[str]


class McpAuthRequest(TypedDict):
    requestId: str
    serverName: str
    serverUrl: str
    reason: Literal["initial", "refresh", "reauth", "upscope"]
    wwwAuthenticateParams: NotRequired[McpAuthWwwAuthenticateParams]
    resourceMetadata: NotRequired[str]
    staticClientConfig: NotRequired[McpAuthStaticClientConfig]
    runtimeRefreshSupported: NotRequired[bool]


class McpAuthToken(TypedDict):
    accessToken: str
    tokenType: NotRequired[str]
    expiresIn: NotRequired[int]


class McpAuthResult(TypedDict):
    kind: Literal["token", "cancelled", "runtimeRefresh"]
    accessToken: NotRequired[str]
    tokenType: NotRequired[str]
    expiresIn: NotRequired[int]


class McpAuthContext(TypedDict):
    sessionId: str


McpAuthHandlerResult = McpAuthResult | McpAuthToken | None


McpAuthHandler = Callable[[McpAuthRequest, McpAuthContext], McpAuthHandlerResult | Awaitable[McpAuthHandlerResult]]


class UserInputRequest(TypedDict, total=False):
    question: str
    choices: list[str]
    allowFreeform: bool


class UserInputResponse(TypedDict):
    answer: str
    wasFreeform: bool


UserInputHandler = Callable[[UserInputRequest, dict[str, str]], UserInputResponse | Awaitable[UserInputResponse]]


class ExitPlanModeRequest(TypedDict):
    summary: str
    planContent: NotRequired[str]
    actions: list[str]
    recommendedAction: str


class ExitPlanModeResult(TypedDict):
    approved: bool
    selectedAction: NotRequired[str]
    feedback: NotRequired[str]


ExitPlanModeHandler = Callable[
    [ExitPlanModeRequest, dict[str, str]], ExitPlanModeResult | Awaitable[ExitPlanModeResult]
]


class AutoModeSwitchRequest(TypedDict, total=False):
    errorCode: str
    retryAfterSeconds: float


AutoModeSwitchResponse = Literal["yes", "yes_always", "no"]


AutoModeSwitchHandler = Callable[
    [AutoModeSwitchRequest, dict[str, str]],
    AutoModeSwitchResponse | Awaitable[AutoModeSwitchResponse],
]


@dataclass
class CommandContext:
    session_id: str
    command: str
    command_name: str
    args: str


CommandHandler = Callable[[CommandContext], Awaitable[None] | None]


@dataclass
class CommandDefinition:
    name: str
    handler: CommandHandler
    description: str | None = None


class SessionUiCapabilities(TypedDict, total=False):
    elicitation: bool
    mcpApps: bool


class SessionCapabilities(TypedDict, total=False):
    ui: SessionUiCapabilities


ElicitationFieldValue = str | float | bool | list[str]


class ElicitationResult(TypedDict):
    action: Literal["accept", "decline", "cancel"]
    content: NotRequired[dict[str, ElicitationFieldValue]]


class ElicitationParams(TypedDict):
    message: str
    requestedSchema: dict[str, Any]


class InputOptions(TypedDict, total=False):
    title: str
    description: str
    minLength: int
    maxLength: int
    format: str
    default: str


class ElicitationContext(TypedDict):
    session_id: str
    message: str
    requestedSchema: NotRequired[dict[str, Any]]
    mode: NotRequired[Literal["form", "url"]]
    elicitationSource: NotRequired[str]
    url: NotRequired[str]


ElicitationHandler = Callable[[ElicitationContext], ElicitationResult | Awaitable[ElicitationResult]]


CreateSessionFsHandler = Callable[["CopilotSession"], "SessionFsProvider"]


class ProviderTokenArgs(TypedDict):
    provider_name: str
    session_id: str


BearerTokenProvider = Callable[[ProviderTokenArgs], str | Awaitable[str]]


SessionEventHandler = Callable[["SessionEvent"], None]
