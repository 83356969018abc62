"""The sections of the system message."""

from __future__ import annotations

from ._config import SystemMessageSection

SYSTEM_MESSAGE_SECTIONS: dict[SystemMessageSection, str] = {
    "preamble": "Opening lines that say what the agent is",
    "identity": "Who the agent is; a group that contains the preamble",
    "tone": "How the agent writes",
    "tool_efficiency": "How tools are used sparingly",
    "environment_context": "Working directory, operating system, repository",
    "code_change_rules": "Rules for changing code",
    "guidelines": "General advice for the work",
    "safety": "What the agent must not do",
    "tool_instructions": "How each tool is used",
    "custom_instructions": "Instructions of the repository and the user",
    "runtime_instructions": "What the runtime adds by itself",
    "last_instructions": "Closing reminders",
}
