"""Program the GitHub Copilot agent runtime: a drop-in for the official package over a native engine.

Everything is loaded when it is first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ._doctor import warn_of_overlap as _warn_of_overlap
from ._names import MODULE_OF as _MODULE_OF
from ._names import MODULES as _MODULES

if TYPE_CHECKING:
    from . import rpc as rpc
    from . import session_events as session_events
    from ._base import SessionLifecycleHandler as SessionLifecycleHandler
    from ._config import AgentMessageSource as AgentMessageSource
    from ._config import AskUserVariant as AskUserVariant
    from ._config import AutopilotOptions as AutopilotOptions
    from ._config import AutoTier as AutoTier
    from ._config import CapiSessionOptions as CapiSessionOptions
    from ._config import ClientInfo as ClientInfo
    from ._config import CopilotExpAssignmentResponse as CopilotExpAssignmentResponse
    from ._config import ExpConfigEntry as ExpConfigEntry
    from ._config import ExpFlagValue as ExpFlagValue
    from ._config import GitHubMcpToolConfig as GitHubMcpToolConfig
    from ._config import ImageGenerationConfig as ImageGenerationConfig
    from ._config import InfiniteSessionConfig as InfiniteSessionConfig
    from ._config import LargeToolOutputConfig as LargeToolOutputConfig
    from ._config import ManagedSettings as ManagedSettings
    from ._config import ManagedSettingsPermissions as ManagedSettingsPermissions
    from ._config import MCPHTTPServerConfig as MCPHTTPServerConfig
    from ._config import MCPServerConfig as MCPServerConfig
    from ._config import MCPStdioServerConfig as MCPStdioServerConfig
    from ._config import MessageSource as MessageSource
    from ._config import ModelCapabilitiesOverride as ModelCapabilitiesOverride
    from ._config import ModelLimitsOverride as ModelLimitsOverride
    from ._config import ModelSupportsOverride as ModelSupportsOverride
    from ._config import ModelVisionLimitsOverride as ModelVisionLimitsOverride
    from ._config import NamedProviderConfig as NamedProviderConfig
    from ._config import ProviderConfig as ProviderConfig
    from ._config import ProviderConfigModelProvider as ProviderConfigModelProvider
    from ._config import ProviderModelConfig as ProviderModelConfig
    from ._config import ReasoningSummary as ReasoningSummary
    from ._config import SessionFsCapabilities as SessionFsCapabilities
    from ._config import SessionFsConfig as SessionFsConfig
    from ._config import SessionLimitsConfig as SessionLimitsConfig
    from ._config import SystemMessageConfig as SystemMessageConfig
    from ._config import TelemetryConfig as TelemetryConfig
    from ._config import ToolSearchConfig as ToolSearchConfig
    from ._connection import ChildProcessRuntimeConnection as ChildProcessRuntimeConnection
    from ._connection import CloudSessionOptions as CloudSessionOptions
    from ._connection import CloudSessionRepository as CloudSessionRepository
    from ._connection import InProcessRuntimeConnection as InProcessRuntimeConnection
    from ._connection import RuntimeConnection as RuntimeConnection
    from ._connection import StdioRuntimeConnection as StdioRuntimeConnection
    from ._connection import TcpRuntimeConnection as TcpRuntimeConnection
    from ._connection import UriRuntimeConnection as UriRuntimeConnection
    from ._errors import CopilotError as CopilotError
    from ._factories import Factory as Factory
    from ._factories import FactoryContext as FactoryContext
    from ._factories import FactoryLimits as FactoryLimits
    from ._factories import FactoryPhase as FactoryPhase
    from ._factories import FactoryResumeError as FactoryResumeError
    from ._factories import SessionFactories as SessionFactories
    from ._factories import define_factory as define_factory
    from ._factories import is_factory_run_terminal as is_factory_run_terminal
    from ._github import DisableBypassPermissionsModes as DisableBypassPermissionsModes
    from ._github import EntraAuthConfig as EntraAuthConfig
    from ._github import GitHubTokenCancelledResult as GitHubTokenCancelledResult
    from ._github import GitHubTokenProvider as GitHubTokenProvider
    from ._github import GitHubTokenProviderArgs as GitHubTokenProviderArgs
    from ._github import GitHubTokenProviderResult as GitHubTokenProviderResult
    from ._github import GitHubTokenResult as GitHubTokenResult
    from ._handlers import AutoModeSwitchHandler as AutoModeSwitchHandler
    from ._handlers import AutoModeSwitchRequest as AutoModeSwitchRequest
    from ._handlers import AutoModeSwitchResponse as AutoModeSwitchResponse
    from ._handlers import BearerTokenProvider as BearerTokenProvider
    from ._handlers import CommandContext as CommandContext
    from ._handlers import CommandDefinition as CommandDefinition
    from ._handlers import CreateSessionFsHandler as CreateSessionFsHandler
    from ._handlers import ElicitationContext as ElicitationContext
    from ._handlers import ElicitationHandler as ElicitationHandler
    from ._handlers import ElicitationParams as ElicitationParams
    from ._handlers import ElicitationResult as ElicitationResult
    from ._handlers import ExitPlanModeHandler as ExitPlanModeHandler
    from ._handlers import ExitPlanModeRequest as ExitPlanModeRequest
    from ._handlers import ExitPlanModeResult as ExitPlanModeResult
    from ._handlers import InputOptions as InputOptions
    from ._handlers import McpAuthContext as McpAuthContext
    from ._handlers import McpAuthHandler as McpAuthHandler
    from ._handlers import McpAuthRequest as McpAuthRequest
    from ._handlers import McpAuthResult as McpAuthResult
    from ._handlers import McpAuthStaticClientConfig as McpAuthStaticClientConfig
    from ._handlers import McpAuthToken as McpAuthToken
    from ._handlers import McpAuthWwwAuthenticateParams as McpAuthWwwAuthenticateParams
    from ._handlers import ProviderTokenArgs as ProviderTokenArgs
    from ._handlers import SessionCapabilities as SessionCapabilities
    from ._handlers import SessionEventHandler as SessionEventHandler
    from ._handlers import SessionUiCapabilities as SessionUiCapabilities
    from ._handlers import UserInputHandler as UserInputHandler
    from ._handlers import UserInputRequest as UserInputRequest
    from ._handlers import UserInputResponse as UserInputResponse
    from ._hooks import AgentStopHandler as AgentStopHandler
    from ._hooks import AgentStopHookInput as AgentStopHookInput
    from ._hooks import AgentStopHookOutput as AgentStopHookOutput
    from ._hooks import ErrorOccurredHandler as ErrorOccurredHandler
    from ._hooks import ErrorOccurredHookInput as ErrorOccurredHookInput
    from ._hooks import ErrorOccurredHookOutput as ErrorOccurredHookOutput
    from ._hooks import PostToolUseFailureHandler as PostToolUseFailureHandler
    from ._hooks import PostToolUseFailureHookInput as PostToolUseFailureHookInput
    from ._hooks import PostToolUseFailureHookOutput as PostToolUseFailureHookOutput
    from ._hooks import PostToolUseHandler as PostToolUseHandler
    from ._hooks import PostToolUseHookInput as PostToolUseHookInput
    from ._hooks import PostToolUseHookOutput as PostToolUseHookOutput
    from ._hooks import PreMcpToolCallHandler as PreMcpToolCallHandler
    from ._hooks import PreMcpToolCallHookInput as PreMcpToolCallHookInput
    from ._hooks import PreMcpToolCallHookOutput as PreMcpToolCallHookOutput
    from ._hooks import PreToolUseHandler as PreToolUseHandler
    from ._hooks import PreToolUseHookInput as PreToolUseHookInput
    from ._hooks import PreToolUseHookOutput as PreToolUseHookOutput
    from ._hooks import SessionEndHandler as SessionEndHandler
    from ._hooks import SessionEndHookInput as SessionEndHookInput
    from ._hooks import SessionEndHookOutput as SessionEndHookOutput
    from ._hooks import SessionHooks as SessionHooks
    from ._hooks import SessionStartHandler as SessionStartHandler
    from ._hooks import SessionStartHookInput as SessionStartHookInput
    from ._hooks import SessionStartHookOutput as SessionStartHookOutput
    from ._hooks import SubagentStartHandler as SubagentStartHandler
    from ._hooks import SubagentStartHookInput as SubagentStartHookInput
    from ._hooks import SubagentStartHookOutput as SubagentStartHookOutput
    from ._hooks import SubagentStopHandler as SubagentStopHandler
    from ._hooks import SubagentStopHookInput as SubagentStopHookInput
    from ._hooks import SubagentStopHookOutput as SubagentStopHookOutput
    from ._hooks import UserPromptSubmittedHandler as UserPromptSubmittedHandler
    from ._hooks import UserPromptSubmittedHookInput as UserPromptSubmittedHookInput
    from ._hooks import UserPromptSubmittedHookOutput as UserPromptSubmittedHookOutput
    from ._hooks import UserPromptTransformedHandler as UserPromptTransformedHandler
    from ._hooks import UserPromptTransformedHookInput as UserPromptTransformedHookInput
    from ._hooks import UserPromptTransformedHookOutput as UserPromptTransformedHookOutput
    from ._mode import BUILTIN_TOOLS_ISOLATED as BUILTIN_TOOLS_ISOLATED
    from ._mode import CopilotClientMode as CopilotClientMode
    from ._mode import ToolSet as ToolSet
    from ._model_info import ModelBilling as ModelBilling
    from ._model_info import ModelCapabilities as ModelCapabilities
    from ._model_info import ModelInfo as ModelInfo
    from ._model_info import ModelLimits as ModelLimits
    from ._model_info import ModelPolicy as ModelPolicy
    from ._model_info import ModelSupports as ModelSupports
    from ._model_info import ModelVisionLimits as ModelVisionLimits
    from ._models import GetAuthStatusResponse as GetAuthStatusResponse
    from ._models import GetStatusResponse as GetStatusResponse
    from ._models import PingResponse as PingResponse
    from ._models import SessionBackgroundEvent as SessionBackgroundEvent
    from ._models import SessionContext as SessionContext
    from ._models import SessionCreatedEvent as SessionCreatedEvent
    from ._models import SessionDeletedEvent as SessionDeletedEvent
    from ._models import SessionForegroundEvent as SessionForegroundEvent
    from ._models import SessionLifecycleEvent as SessionLifecycleEvent
    from ._models import SessionLifecycleEventBase as SessionLifecycleEventBase
    from ._models import SessionLifecycleEventMetadata as SessionLifecycleEventMetadata
    from ._models import SessionLifecycleEventType as SessionLifecycleEventType
    from ._models import SessionListFilter as SessionListFilter
    from ._models import SessionMetadata as SessionMetadata
    from ._models import SessionUpdatedEvent as SessionUpdatedEvent
    from ._models import StopError as StopError
    from ._permissions import AttributedPermissionResult as AttributedPermissionResult
    from ._permissions import PermissionHandler as PermissionHandler
    from ._permissions import PermissionNoResult as PermissionNoResult
    from ._permissions import create_attributed_permission_result as create_attributed_permission_result
    from ._skills import SkillProvider as SkillProvider
    from ._skills import TranscriptRecoveryReport as TranscriptRecoveryReport
    from .canvas import CanvasDeclaration as CanvasDeclaration
    from .canvas import CanvasError as CanvasError
    from .canvas import CanvasHandler as CanvasHandler
    from .canvas import CanvasProviderIdentity as CanvasProviderIdentity
    from .canvas import ExtensionInfo as ExtensionInfo
    from .client import CopilotClient as CopilotClient
    from .client import LogLevel as LogLevel
    from .copilot_request_handler import CopilotRequestContext as CopilotRequestContext
    from .copilot_request_handler import CopilotRequestHandler as CopilotRequestHandler
    from .copilot_request_handler import CopilotWebSocketCloseStatus as CopilotWebSocketCloseStatus
    from .copilot_request_handler import CopilotWebSocketForwarder as CopilotWebSocketForwarder
    from .copilot_request_handler import CopilotWebSocketHandler as CopilotWebSocketHandler
    from .copilot_request_handler import LlmInferenceHeaders as LlmInferenceHeaders
    from .generated.rpc import CanvasAction as CanvasAction
    from .generated.rpc import CanvasHostContext as CanvasHostContext
    from .generated.rpc import CanvasHostContextCapabilities as CanvasHostContextCapabilities
    from .generated.rpc import CanvasJsonSchema as CanvasJsonSchema
    from .generated.rpc import CurrentModel as CurrentModel
    from .generated.rpc import CurrentToolMetadata as CurrentToolMetadata
    from .generated.rpc import ExtensionLaunchProfile as ExtensionLaunchProfile
    from .generated.rpc import ExtensionLaunchProviderHandler as ExtensionLaunchProviderHandler
    from .generated.rpc import ExtensionLaunchProviderResolveRequest as ExtensionLaunchProviderResolveRequest
    from .generated.rpc import ExtensionLaunchProviderResolveResult as ExtensionLaunchProviderResolveResult
    from .generated.rpc import GitHubTelemetryClientInfo as GitHubTelemetryClientInfo
    from .generated.rpc import GitHubTelemetryEvent as GitHubTelemetryEvent
    from .generated.rpc import GitHubTelemetryNotification as GitHubTelemetryNotification
    from .generated.rpc import GitHubTokenAcquireReason as GitHubTokenAcquireReason
    from .generated.rpc import GitHubTokenAcquireResult as GitHubTokenAcquireResult
    from .generated.rpc import GitHubTokenAcquireResultKind as GitHubTokenAcquireResultKind
    from .generated.rpc import ModelBillingTokenPrices as ModelBillingTokenPrices
    from .generated.rpc import ModelBillingTokenPricesLongContext as ModelBillingTokenPricesLongContext
    from .generated.rpc import ModelSwitchAutoTierResult as ModelSwitchAutoTierResult
    from .generated.rpc import ModelSwitchAutoTierStatus as ModelSwitchAutoTierStatus
    from .generated.rpc import OpenCanvasInstance as OpenCanvasInstance
    from .generated.rpc import PermissionDecisionContext as PermissionDecisionContext
    from .generated.rpc import PermissionDecisionOutcome as PermissionDecisionOutcome
    from .generated.rpc import PermissionDecisionSource as PermissionDecisionSource
    from .generated.rpc import PermissionDecisionSurface as PermissionDecisionSurface
    from .generated.rpc import PermissionResponseCapability as PermissionResponseCapability
    from .generated.rpc import RemoteSessionMode as RemoteSessionMode
    from .generated.rpc import SkillProviderDescriptor as SkillProviderDescriptor
    from .generated.session_events import AutoTierSwitchFailureReason as AutoTierSwitchFailureReason
    from .generated.session_events import PermissionRequest as PermissionRequest
    from .generated.session_events import SessionAutoTierSwitchFailedData as SessionAutoTierSwitchFailedData
    from .generated.session_events import SessionEvent as SessionEvent
    from .generated.session_events import SessionEventType as SessionEventType
    from .host import AhpAuthenticationRequest as AhpAuthenticationRequest
    from .host import AhpAuthenticationResult as AhpAuthenticationResult
    from .host import AhpHost as AhpHost
    from .host import AhpHostAuthentication as AhpHostAuthentication
    from .host import AhpHostExit as AhpHostExit
    from .host import AhpHostOptions as AhpHostOptions
    from .host import AhpSessionAuthentication as AhpSessionAuthentication
    from .host import AhpSessionCreateRequest as AhpSessionCreateRequest
    from .host import AhpSessionResumeRequest as AhpSessionResumeRequest
    from .installation_confirmation import InstallationConfirmationContext as InstallationConfirmationContext
    from .installation_confirmation import InstallationConfirmationDecision as InstallationConfirmationDecision
    from .installation_confirmation import InstallationConfirmationHandler as InstallationConfirmationHandler
    from .session import CopilotSession as CopilotSession
    from .session import PermissionRequestResult as PermissionRequestResult
    from .session import SessionUiApi as SessionUiApi
    from .session_fs_provider import SessionFsBinaryProvider as SessionFsBinaryProvider
    from .session_fs_provider import SessionFsFileInfo as SessionFsFileInfo
    from .session_fs_provider import SessionFsProvider as SessionFsProvider
    from .session_fs_provider import SessionFsSqliteProvider as SessionFsSqliteProvider
    from .session_fs_provider import SessionFsSqliteQueryResult as SessionFsSqliteQueryResult
    from .session_fs_provider import SessionFsSqliteTransactionFailure as SessionFsSqliteTransactionFailure
    from .session_fs_provider import SessionFsWriteFailure as SessionFsWriteFailure
    from .session_fs_provider import create_session_fs_adapter as create_session_fs_adapter
    from .tools import Tool as Tool
    from .tools import ToolBinaryResult as ToolBinaryResult
    from .tools import ToolInvocation as ToolInvocation
    from .tools import ToolNamespace as ToolNamespace
    from .tools import ToolResult as ToolResult
    from .tools import ToolResultType as ToolResultType
    from .tools import convert_mcp_call_tool_result as convert_mcp_call_tool_result
    from .tools import define_tool as define_tool

__all__ = [
    "AgentMessageSource",
    "AgentStopHandler",
    "AgentStopHookInput",
    "AgentStopHookOutput",
    "AhpAuthenticationRequest",
    "AhpAuthenticationResult",
    "AhpHost",
    "AhpHostAuthentication",
    "AhpHostExit",
    "AhpHostOptions",
    "AhpSessionAuthentication",
    "AhpSessionCreateRequest",
    "AhpSessionResumeRequest",
    "AskUserVariant",
    "AttributedPermissionResult",
    "AutoModeSwitchHandler",
    "AutoModeSwitchRequest",
    "AutoModeSwitchResponse",
    "AutoTier",
    "AutoTierSwitchFailureReason",
    "AutopilotOptions",
    "BUILTIN_TOOLS_ISOLATED",
    "BearerTokenProvider",
    "CanvasAction",
    "CanvasDeclaration",
    "CanvasError",
    "CanvasHandler",
    "CanvasHostContext",
    "CanvasHostContextCapabilities",
    "CanvasJsonSchema",
    "CanvasProviderIdentity",
    "CapiSessionOptions",
    "ChildProcessRuntimeConnection",
    "ClientInfo",
    "CloudSessionOptions",
    "CloudSessionRepository",
    "CommandContext",
    "CommandDefinition",
    "CopilotClient",
    "CopilotClientMode",
    "CopilotExpAssignmentResponse",
    "CopilotRequestContext",
    "CopilotRequestHandler",
    "CopilotSession",
    "CopilotWebSocketCloseStatus",
    "CopilotWebSocketForwarder",
    "CopilotWebSocketHandler",
    "CopilotError",
    "CreateSessionFsHandler",
    "CurrentModel",
    "CurrentToolMetadata",
    "DisableBypassPermissionsModes",
    "ElicitationContext",
    "ElicitationHandler",
    "ElicitationParams",
    "ElicitationResult",
    "EntraAuthConfig",
    "ErrorOccurredHandler",
    "ErrorOccurredHookInput",
    "ErrorOccurredHookOutput",
    "ExitPlanModeHandler",
    "ExitPlanModeRequest",
    "ExitPlanModeResult",
    "ExpConfigEntry",
    "ExpFlagValue",
    "ExtensionInfo",
    "ExtensionLaunchProfile",
    "ExtensionLaunchProviderHandler",
    "ExtensionLaunchProviderResolveRequest",
    "ExtensionLaunchProviderResolveResult",
    "Factory",
    "FactoryContext",
    "FactoryLimits",
    "FactoryPhase",
    "FactoryResumeError",
    "GetAuthStatusResponse",
    "GetStatusResponse",
    "GitHubMcpToolConfig",
    "GitHubTelemetryClientInfo",
    "GitHubTelemetryEvent",
    "GitHubTelemetryNotification",
    "GitHubTokenAcquireReason",
    "GitHubTokenAcquireResult",
    "GitHubTokenAcquireResultKind",
    "GitHubTokenCancelledResult",
    "GitHubTokenProvider",
    "GitHubTokenProviderArgs",
    "GitHubTokenProviderResult",
    "GitHubTokenResult",
    "ImageGenerationConfig",
    "InProcessRuntimeConnection",
    "InfiniteSessionConfig",
    "InputOptions",
    "InstallationConfirmationContext",
    "InstallationConfirmationDecision",
    "InstallationConfirmationHandler",
    "LargeToolOutputConfig",
    "LlmInferenceHeaders",
    "LogLevel",
    "MCPHTTPServerConfig",
    "MCPServerConfig",
    "MCPStdioServerConfig",
    "ManagedSettings",
    "ManagedSettingsPermissions",
    "McpAuthContext",
    "McpAuthHandler",
    "McpAuthRequest",
    "McpAuthResult",
    "McpAuthStaticClientConfig",
    "McpAuthToken",
    "McpAuthWwwAuthenticateParams",
    "MessageSource",
    "ModelBilling",
    "ModelBillingTokenPrices",
    "ModelBillingTokenPricesLongContext",
    "ModelCapabilities",
    "ModelCapabilitiesOverride",
    "ModelInfo",
    "ModelLimits",
    "ModelLimitsOverride",
    "ModelPolicy",
    "ModelSupports",
    "ModelSupportsOverride",
    "ModelSwitchAutoTierResult",
    "ModelSwitchAutoTierStatus",
    "ModelVisionLimits",
    "ModelVisionLimitsOverride",
    "NamedProviderConfig",
    "OpenCanvasInstance",
    "PermissionDecisionContext",
    "PermissionDecisionOutcome",
    "PermissionDecisionSource",
    "PermissionDecisionSurface",
    "PermissionHandler",
    "PermissionNoResult",
    "PermissionRequest",
    "PermissionRequestResult",
    "PermissionResponseCapability",
    "PingResponse",
    "PostToolUseFailureHandler",
    "PostToolUseFailureHookInput",
    "PostToolUseFailureHookOutput",
    "PostToolUseHandler",
    "PostToolUseHookInput",
    "PostToolUseHookOutput",
    "PreMcpToolCallHandler",
    "PreMcpToolCallHookInput",
    "PreMcpToolCallHookOutput",
    "PreToolUseHandler",
    "PreToolUseHookInput",
    "PreToolUseHookOutput",
    "ProviderConfig",
    "ProviderConfigModelProvider",
    "ProviderModelConfig",
    "ProviderTokenArgs",
    "ReasoningSummary",
    "RemoteSessionMode",
    "RuntimeConnection",
    "SessionAutoTierSwitchFailedData",
    "SessionBackgroundEvent",
    "SessionCapabilities",
    "SessionContext",
    "SessionCreatedEvent",
    "SessionDeletedEvent",
    "SessionEndHandler",
    "SessionEndHookInput",
    "SessionEndHookOutput",
    "SessionEvent",
    "SessionEventHandler",
    "SessionEventType",
    "SessionFactories",
    "SessionForegroundEvent",
    "SessionFsBinaryProvider",
    "SessionFsCapabilities",
    "SessionFsConfig",
    "SessionFsFileInfo",
    "SessionFsProvider",
    "SessionFsSqliteProvider",
    "SessionFsSqliteQueryResult",
    "SessionFsSqliteTransactionFailure",
    "SessionFsWriteFailure",
    "SessionHooks",
    "SessionLifecycleEvent",
    "SessionLifecycleEventBase",
    "SessionLifecycleEventMetadata",
    "SessionLifecycleEventType",
    "SessionLifecycleHandler",
    "SessionLimitsConfig",
    "SessionListFilter",
    "SessionMetadata",
    "SessionStartHandler",
    "SessionStartHookInput",
    "SessionStartHookOutput",
    "SessionUiApi",
    "SessionUiCapabilities",
    "SessionUpdatedEvent",
    "SkillProvider",
    "SkillProviderDescriptor",
    "StdioRuntimeConnection",
    "StopError",
    "SubagentStartHandler",
    "SubagentStartHookInput",
    "SubagentStartHookOutput",
    "SubagentStopHandler",
    "SubagentStopHookInput",
    "SubagentStopHookOutput",
    "SystemMessageConfig",
    "TcpRuntimeConnection",
    "TelemetryConfig",
    "Tool",
    "ToolBinaryResult",
    "ToolInvocation",
    "ToolNamespace",
    "ToolResult",
    "ToolResultType",
    "ToolSearchConfig",
    "ToolSet",
    "TranscriptRecoveryReport",
    "UriRuntimeConnection",
    "UserInputHandler",
    "UserInputRequest",
    "UserInputResponse",
    "UserPromptSubmittedHandler",
    "UserPromptSubmittedHookInput",
    "UserPromptSubmittedHookOutput",
    "UserPromptTransformedHandler",
    "UserPromptTransformedHookInput",
    "UserPromptTransformedHookOutput",
    "convert_mcp_call_tool_result",
    "create_attributed_permission_result",
    "create_session_fs_adapter",
    "define_factory",
    "define_tool",
    "is_factory_run_terminal",
    "rpc",
    "session_events",
]


def _version() -> str:
    from importlib import metadata

    for distribution in ("copilot-native", "github-copilot-sdk"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return "0.0.0.dev0"


_warn_of_overlap()


if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> Any:
        module = _MODULE_OF.get(name)
        if module is not None:
            value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        elif name in _MODULES:
            value = importlib.import_module(f"{__name__}.{name}")
        elif name == "__version__":
            value = _version()
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        setattr(sys.modules[__name__], name, value)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
