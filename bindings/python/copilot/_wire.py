"""Session options in wire spelling: a table of names. Defaults, omissions and checks are the engine's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from ._given import shown
from .generated._options import CLIENT, MESSAGE, SESSION, TOOL

Converter = Callable[[Any], Any]


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _renamed(*names: str, **special: str | tuple[str, Converter]) -> Converter:
    """Converts a mapping: the named keys in camelCase, special ones under another name or through a converter."""
    table: dict[str, tuple[str, Converter | None]] = {name: (_camel(name), None) for name in names}
    for name, target in special.items():
        table[name] = (target, None) if isinstance(target, str) else target

    def convert(value: Any) -> Any:
        # Of another shape: the engine says what is wrong.
        if not isinstance(value, Mapping):
            return value
        wire: dict[str, Any] = {}
        for key, item in value.items():
            target = table.get(key)
            if target is not None:
                wire[target[0]] = item if target[1] is None or item is None else target[1](item)
        return wire

    return convert


def _each(convert: Converter) -> Converter:
    def convert_all(values: Any) -> Any:
        return [convert(value) for value in values] if _is_list(values) else values

    return convert_all


def _is_list(values: Any) -> bool:
    return isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping)


def milliseconds(name: str, seconds: Any) -> int | None:
    """A time in the engine's unit; without end is no limit. Anything that is no number is a ``TypeError``."""
    if seconds is None or seconds == float("inf"):
        return None
    try:
        if not isinstance(seconds, str):
            return int(float(seconds) * 1000)
    except (TypeError, ValueError, OverflowError):
        pass
    raise TypeError(f"{name}: expected a number of seconds, got {shown(seconds)}")


def _object(value: Any) -> Any:
    to_dict = getattr(value, "to_dict", None)
    return value if to_dict is None else to_dict()


def _mcp_server(server: Any) -> Any:
    if not isinstance(server, Mapping):
        return server
    return {"cwd" if key == "working_directory" else key: item for key, item in server.items()}


def _mcp_servers(servers: Any) -> Any:
    if not isinstance(servers, Mapping):
        return servers
    return {name: _mcp_server(server) for name, server in servers.items()}


def _present(value: Any, **names: str) -> dict[str, Any]:
    found = {wire: getattr(value, name) for name, wire in names.items()}
    return {wire: item for wire, item in found.items() if item is not None}


def capabilities(override: Any) -> dict[str, Any]:
    """A ``ModelCapabilitiesOverride`` in wire spelling, without empty groups."""
    wire: dict[str, Any] = {}
    if override.supports is not None:
        wire["supports"] = _present(override.supports, vision="vision", reasoning_effort="reasoningEffort")
    limits = override.limits
    if limits is not None:
        found = _present(
            limits,
            max_prompt_tokens="maxPromptTokens",
            max_output_tokens="maxOutputTokens",
            max_context_window_tokens="maxContextWindowTokens",
        )
        if limits.vision is not None:
            found["vision"] = _present(
                limits.vision,
                supported_media_types="supportedMediaTypes",
                max_prompt_images="maxPromptImages",
                max_prompt_image_size="maxPromptImageSize",
            )
        wire["limits"] = {key: item for key, item in found.items() if item != {}}
    return {key: item for key, item in wire.items() if item}


def _cloud(options: Any) -> dict[str, Any]:
    if options.repository is None:
        return {}
    return {"repository": _present(options.repository, owner="owner", name="name", branch="branch")}


def _tool_filter(value: Any) -> Any:
    if isinstance(value, str):
        raise TypeError("a tool filter must be a list of names or a ToolSet, not str")
    return list(value) if isinstance(value, Iterable) else value


def _experiments(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value
    wire = {
        "Features": value.features,
        "Flights": value.flights,
        "Configs": [{"Id": each.id, "Parameters": each.parameters} for each in value.configs],
        "AssignmentContext": value.assignment_context,
    }
    optional = _present(
        value,
        parameter_groups="ParameterGroups",
        flighting_version="FlightingVersion",
        impression_id="ImpressionId",
    )
    return wire | optional


def _managed_settings(value: Any) -> dict[str, Any]:
    if value.permissions is None:
        return {}
    names = {name: _camel(name) for name in vars(value.permissions)}
    return {"permissions": _present(value.permissions, **names)}


def tools(declared: Iterable[Any]) -> list[dict[str, Any]]:
    """The declarations of tools in wire spelling."""
    return [tool(each) for each in declared]


def check_tools(declared: Any) -> None:
    """Refuses what is no list of tools."""
    if not _is_list(declared):
        raise TypeError(f"tools: expected a list of Tool, got {shown(declared)}")
    for index, each in enumerate(declared):
        if not hasattr(each, "name") or not hasattr(each, "handler"):
            hint = "; @define_tool makes one of a function" if callable(each) else ""
            raise TypeError(f"tools[{index}]: expected a Tool, got {shown(each)}{hint}")


def system_message(config: Any) -> Any:
    """The system message without its functions, which stay here."""
    if not isinstance(config, Mapping):
        return config
    functions = transforms(config)
    if not functions:
        return dict(config)
    kept = {name: section for name, section in config["sections"].items() if section and name not in functions}
    return {**config, "sections": kept}


def transforms(config: Mapping[str, Any] | None) -> dict[str, Callable[[str], Any]]:
    """The functions of a customized system message by section."""
    if not isinstance(config, Mapping) or config.get("mode") != "customize":
        return {}
    sections: Mapping[str, Any] = config.get("sections") or {}
    return {
        name: section["action"] for name, section in sections.items() if section and callable(section.get("action"))
    }


def provider_tokens(options: Mapping[str, Any]) -> dict[str, Callable[[Any], Any]]:
    """The token callbacks by provider name; the single provider is called ``default``."""
    found: dict[str, Callable[[Any], Any]] = {}
    provider = options.get("provider")
    if isinstance(provider, Mapping) and provider.get("bearer_token_provider") is not None:
        found["default"] = provider["bearer_token_provider"]
    for each in options.get("providers") or ():
        if isinstance(each, Mapping) and each.get("bearer_token_provider") is not None:
            found[each.get("name", "")] = each["bearer_token_provider"]
    return found


factory_limits = _renamed("max_concurrent_subagents", "max_total_subagents", "max_ai_credits", "timeout_seconds")
_azure = _renamed("api_version")
_provider_names = ("type", "wire_api", "base_url", "api_key", "bearer_token", "headers")
_provider_special: dict[str, Any] = {
    "azure": ("azure", _azure),
    "model_provider": "modelProvider",
}
_provider = _renamed(
    *_provider_names,
    "transport",
    "model_id",
    "wire_model",
    "max_prompt_tokens",
    "max_output_tokens",
    "api_key_command",
    **_provider_special,
)

_CONVERTED: dict[str, Converter] = {
    "tools": tools,
    "system_message": system_message,
    "available_tools": _tool_filter,
    "excluded_tools": _tool_filter,
    "provider": _provider,
    "providers": _each(_renamed("name", *_provider_names, **_provider_special)),
    "models": _each(
        _renamed(
            "id",
            "provider",
            "wire_model",
            "model_id",
            "name",
            "max_prompt_tokens",
            "max_context_window_tokens",
            "max_output_tokens",
            capabilities=("capabilities", capabilities),
        )
    ),
    "capi": _renamed("enable_web_socket_responses", "auto_tier"),
    "session_limits": _renamed("max_ai_credits"),
    "model_capabilities": capabilities,
    "mcp_servers": _mcp_servers,
    "custom_agents": _each(
        _renamed(
            "name",
            "prompt",
            "display_name",
            "description",
            "tools",
            "infer",
            "skills",
            "model",
            "reasoning_effort",
            "model_policy",
            "hooks",
            mcp_servers=("mcpServers", _mcp_servers),
        )
    ),
    "default_agent": _renamed("excluded_tools"),
    "infinite_sessions": _renamed("enabled", "background_compaction_threshold", "buffer_exhaustion_threshold"),
    "large_output": _renamed("enabled", "max_size_bytes", output_directory="outputDir"),
    "memory": _renamed("enabled", "mode"),
    "commands": _each(lambda each: {"name": each.name, "description": each.description or ""}),
    "remote_session": lambda v: v.value if isinstance(v, Enum) else v,
    "cloud": _cloud,
    "canvases": _each(_object),
    "factories": _each(_object),
    "workflows": _each(_object),
    "open_canvases": _each(_object),
    "extension_info": _object,
    "canvas_provider": _object,
    "exp_assignments": _experiments,
    "tool_search": _renamed("enabled", "defer_threshold"),
    "image_generation": _renamed("enabled", "watermark", "save_to_disk"),
    "autopilot": _renamed("continuation_enabled", "max_continues"),
    "diagnostics": _object,
    "sandbox_config": _object,
    "managed_settings": _managed_settings,
    "github_mcp_tool_config": _renamed(
        "enable_all_tools",
        "additional_toolsets",
        "additional_tools",
        "enable_insiders_mode",
        "disable_form_deferral",
    ),
}


def session_config(options: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a session in wire spelling. What is ``None`` was not given."""
    return _spelled(options, SESSION, _CONVERTED)


def session_keywords(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration in wire spelling as keywords. Nested values keep their spelling, and travel as they are."""
    names = {wire: name for name, wire in SESSION.items() if name not in _CONVERTED}
    given: dict[str, Any] = {names[key]: value for key, value in config.items() if key in names}
    extra = {key: value for key, value in config.items() if key not in names}
    return {**given, "extra": extra} if extra else given


def message(options: Mapping[str, Any]) -> dict[str, Any]:
    """A message in wire spelling, with the trace context of the caller."""
    from ._telemetry import get_trace_context

    return {"prompt": options["prompt"], **get_trace_context(), **_spelled(options, MESSAGE, _MESSAGE)}


def tool(declared: Any) -> dict[str, Any]:
    """The declaration of a tool in wire spelling; the engine leaves out what says nothing."""
    members = {name: getattr(declared, name, None) for name in (*TOOL, "extra")}
    return {"description": "", **_spelled(members, TOOL, _TOOL)}


def _spelled(
    options: Mapping[str, Any], names: Mapping[str, str], converters: Mapping[str, Converter]
) -> dict[str, Any]:
    wire: dict[str, Any] = {}
    for name, value in options.items():
        if value is not None and (key := names.get(name)) is not None:
            convert = converters.get(name)
            wire[key] = value if convert is None else convert(value)
    wire.update(options.get("extra") or {})
    return wire


def _source(source: Any) -> Any:
    agent = getattr(source, "agent_id", None)
    return source if agent is None else f"agent-{agent}"


def _response_format(schema: Any) -> dict[str, Any]:
    from ._structured import response_format

    return response_format(schema)


_MESSAGE: dict[str, Converter] = {"source": _source, "response_schema": _response_format}
_TOOL: dict[str, Converter] = {"namespace": _object}

_telemetry = _renamed(
    "otlp_endpoint",
    "otlp_protocol",
    "file_path",
    "exporter_type",
    "source_name",
    "capture_content",
)
_session_fs = _renamed(
    "session_state_path",
    "conventions",
    "capabilities",
    "store",
    initial_working_directory="initialCwd",
    lease=(
        "lease",
        _renamed(
            "owner",
            ttl=("ttlMs", lambda seconds: milliseconds("ttl", seconds)),
            wait=("waitMs", lambda seconds: milliseconds("wait", seconds)),
        ),
    ),
)

# The start of the runtime may take so many seconds; the engine counts milliseconds.
_CLIENT: dict[str, Converter] = {
    "entra": _object,
    "telemetry": _telemetry,
    "session_fs": _session_fs,
    "builtin_plugin_directories": list,
    "client_info": _renamed("application_name", "application_version", "integration_name", "integration_version"),
    "start_timeout": lambda seconds: milliseconds("start_timeout", seconds),
}


def client_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a client in wire spelling, without its connection."""
    return _spelled({**options, "connection": None}, CLIENT, _CLIENT)
