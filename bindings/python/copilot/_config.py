"""Shapes of the configuration of clients and sessions; the engine knows the rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, Required, TypedDict

from ._handlers import BearerTokenProvider

AutoTier = str


class ExtensionContextAttachment(TypedDict):
    type: Literal["extension_context"]
    capturedAt: str
    extensionId: str
    title: str
    canvasId: NotRequired[str]
    instanceId: NotRequired[str]
    payload: NotRequired[Any]


ProviderConfigModelProvider = Literal[
    "openai", "anthropic", "azure_openai", "ollama", "lm_studio", "foundry_local", "llama_cpp"
]


@dataclass
class ModelVisionLimitsOverride:
    supported_media_types: list[str] | None = None
    max_prompt_images: int | None = None
    max_prompt_image_size: int | None = None


@dataclass
class ModelLimitsOverride:
    max_prompt_tokens: int | None = None
    max_output_tokens: int | None = None
    max_context_window_tokens: int | None = None
    vision: ModelVisionLimitsOverride | None = None


@dataclass
class ModelSupportsOverride:
    vision: bool | None = None
    reasoning_effort: bool | None = None


@dataclass
class ModelCapabilitiesOverride:
    supports: ModelSupportsOverride | None = None
    limits: ModelLimitsOverride | None = None


ReasoningEffort = Literal["low", "medium", "high", "xhigh", "max"]


ReasoningSummary = Literal["none", "concise", "detailed"]


ContextTier = Literal["default", "long_context"]


SessionFsConventions = Literal["posix", "windows"]


class SessionFsCapabilities(TypedDict, total=False):
    sqlite: bool
    binary: bool


class SessionFsStore(TypedDict, total=False):
    """A ready store for session files, shared by the client's sessions: see ``docs/python.md``."""

    kind: Required[Literal["memory", "folder", "url"]]
    path: str
    url: str
    options: dict[str, str]


class SessionFsLease(TypedDict, total=False):
    """How the client owns the sessions that it opens in a store: see ``docs/guides/files.md``.

    ``owner`` is what others read of it, ``ttl`` the seconds for which others wait when nothing is heard of it (1 at
    least, 30 without it), ``wait`` the seconds for which opening a session waits for its owner (0 without it).
    """

    owner: str
    ttl: float
    wait: float


class SessionFsConfig(TypedDict):
    initial_working_directory: str
    session_state_path: str
    conventions: SessionFsConventions
    capabilities: NotRequired[SessionFsCapabilities]
    store: NotRequired[SessionFsStore | str]
    lease: NotRequired[SessionFsLease]


class SelectionRange(TypedDict):
    line: int
    character: int


class Selection(TypedDict):
    start: SelectionRange
    end: SelectionRange


class FileAttachment(TypedDict):
    type: Literal["file"]
    path: str
    displayName: NotRequired[str]


class DirectoryAttachment(TypedDict):
    type: Literal["directory"]
    path: str
    displayName: NotRequired[str]


class SelectionAttachment(TypedDict):
    type: Literal["selection"]
    filePath: str
    displayName: str
    selection: NotRequired[Selection]
    text: NotRequired[str]


class BlobAttachment(TypedDict):
    type: Literal["blob"]
    data: str
    mimeType: str
    displayName: NotRequired[str]


Attachment = FileAttachment | DirectoryAttachment | SelectionAttachment | BlobAttachment | ExtensionContextAttachment


class SystemMessageAppendConfig(TypedDict, total=False):
    mode: Literal["append"]
    content: str


class SystemMessageReplaceConfig(TypedDict):
    mode: Literal["replace"]
    content: str


SectionTransformFn = Callable[[str], str | Awaitable[str]]


SectionOverrideAction = Literal["replace", "remove", "append", "prepend", "preserve"] | SectionTransformFn


SystemMessageSection = Literal[
    "preamble",
    "identity",
    "tone",
    "tool_efficiency",
    "environment_context",
    "code_change_rules",
    "guidelines",
    "safety",
    "tool_instructions",
    "custom_instructions",
    "runtime_instructions",
    "last_instructions",
]


class SectionOverride(TypedDict):
    action: SectionOverrideAction
    content: NotRequired[str]


class SystemMessageCustomizeConfig(TypedDict):
    mode: Literal["customize"]
    sections: NotRequired[dict[SystemMessageSection, SectionOverride]]
    content: NotRequired[str]


SystemMessageConfig = SystemMessageAppendConfig | SystemMessageReplaceConfig | SystemMessageCustomizeConfig


class MCPStdioServerConfig(TypedDict, total=False):
    tools: list[str]
    type: Literal["local", "stdio"]
    timeout: int
    command: str
    args: list[str]
    env: dict[str, str]
    working_directory: str


class MCPHTTPServerConfig(TypedDict, total=False):
    tools: list[str]
    type: Literal["http", "sse"]
    timeout: int
    url: str
    headers: dict[str, str]


MCPServerConfig = MCPStdioServerConfig | MCPHTTPServerConfig


class CustomAgentConfig(TypedDict, total=False):
    name: str
    display_name: str
    description: str
    tools: list[str] | None
    prompt: str
    mcp_servers: dict[str, MCPServerConfig]
    infer: bool
    skills: list[str]
    model: str
    hooks: dict[str, list[dict[str, Any]]]
    model_policy: Literal["preferred", "required"]
    reasoning_effort: ReasoningEffort


class DefaultAgentConfig(TypedDict, total=False):
    excluded_tools: list[str]


class InfiniteSessionConfig(TypedDict, total=False):
    enabled: bool
    background_compaction_threshold: float
    buffer_exhaustion_threshold: float


class SessionLimitsConfig(TypedDict, total=False):
    max_ai_credits: float


class LargeToolOutputConfig(TypedDict, total=False):
    enabled: bool
    max_size_bytes: int
    output_directory: str


class MemoryConfiguration(TypedDict):
    enabled: bool
    mode: NotRequired[Literal["system-prompt", "user-prompt"]]


class AzureProviderOptions(TypedDict, total=False):
    api_version: str


class ProviderConfig(TypedDict, total=False):
    type: Literal["openai", "azure", "anthropic"]
    wire_api: Literal["completions", "responses"]
    transport: Literal["http", "websockets"]
    base_url: str
    api_key: str
    bearer_token: str
    azure: AzureProviderOptions
    headers: dict[str, str]
    model_id: str
    wire_model: str
    max_prompt_tokens: int
    max_output_tokens: int
    bearer_token_provider: BearerTokenProvider
    model_provider: ProviderConfigModelProvider
    api_key_command: str


class NamedProviderConfig(TypedDict, total=False):
    name: str
    type: Literal["openai", "azure", "anthropic"]
    wire_api: Literal["completions", "responses"]
    base_url: str
    api_key: str
    bearer_token: str
    azure: AzureProviderOptions
    headers: dict[str, str]
    bearer_token_provider: BearerTokenProvider
    model_provider: ProviderConfigModelProvider


class ProviderModelConfig(TypedDict, total=False):
    id: str
    provider: str
    wire_model: str
    model_id: str
    name: str
    max_prompt_tokens: int
    max_context_window_tokens: int
    max_output_tokens: int
    capabilities: ModelCapabilitiesOverride


AskUserVariant = Literal["legacy", "elicitation"]


ExpFlagValue = str | int | float | bool | None


@dataclass
class ExpConfigEntry:
    id: str
    parameters: dict[str, ExpFlagValue] = field(default_factory=dict)


@dataclass
class CopilotExpAssignmentResponse:
    features: list[str] = field(default_factory=list)
    flights: dict[str, str] = field(default_factory=dict)
    configs: list[ExpConfigEntry] = field(default_factory=list)
    assignment_context: str = ""
    parameter_groups: Any | None = None
    flighting_version: int | None = None
    impression_id: str | None = None


@dataclass
class ManagedSettingsPermissions:
    disable_bypass_permissions_mode: str | None = None
    deny: list[str] | None = None
    ask: list[str] | None = None
    allow: list[str] | None = None
    limit_to: list[str] | None = None
    disable_assisted_permissions_mode: bool | None = None


@dataclass
class ManagedSettings:
    permissions: ManagedSettingsPermissions | None = None


class ClientInfo(TypedDict, total=False):
    application_name: str
    application_version: str
    integration_name: str
    integration_version: str


@dataclass(frozen=True)
class AgentMessageSource:
    agent_id: str


MessageSource = Literal["user", "system"] | AgentMessageSource


class GitHubMcpToolConfig(TypedDict, total=False):
    enable_all_tools: bool
    additional_toolsets: list[str]
    additional_tools: list[str]
    enable_insiders_mode: bool
    disable_form_deferral: bool


class AutopilotOptions(TypedDict, total=False):
    continuation_enabled: bool
    max_continues: int


class ImageGenerationConfig(TypedDict, total=False):
    enabled: bool
    watermark: bool
    save_to_disk: bool


class ToolSearchConfig(TypedDict, total=False):
    enabled: bool
    defer_threshold: int


class CapiSessionOptions(TypedDict, total=False):
    enable_web_socket_responses: bool
    auto_tier: AutoTier


class TelemetryConfig(TypedDict, total=False):
    otlp_endpoint: str
    otlp_protocol: Literal["http/json", "http/protobuf"]
    file_path: str
    exporter_type: str
    source_name: str
    capture_content: bool
