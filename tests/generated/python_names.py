"""Names of the Python modules that programs rely on (`python_names.json`) exist and mean what they should."""

import enum
import inspect
import json
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "bindings" / "python"))
from copilot.generated import rpc, session_events  # noqa: E402

NAMES = json.loads((HERE / "python_names.json").read_text())


def missing(names):
    """Names that were gone already in the release paired with this schema are excused."""
    return sorted(name for name in names if not hasattr(rpc, name) and name not in NAMES["gone_before_1_0_85"])


def enum_problems():
    for name, group in NAMES["merged_enums"].items():
        cls = getattr(rpc, name, None)
        if cls is None or not issubclass(cls, enum.Enum):
            yield f"enum {name} is missing"
            continue
        for definition in group["definitions"]:
            if getattr(rpc, definition, None) is not cls:
                yield f"{definition} is not {name}"


def method_problems():
    for table, must in (("baseline_methods", True), ("newer_methods", False)):
        for group, methods in NAMES[table].items():
            cls = getattr(rpc, group, None)
            for method, (params, _) in methods.items():
                if f"{group}.{method}" in NAMES["changed_before_1_0_85"]:
                    continue
                found = getattr(cls, method, None)
                if found is None:
                    if must:
                        yield f"{group}.{method} is missing"
                    continue
                given = [p for p in inspect.signature(found).parameters if p not in ("self", "timeout")]
                if bool(given) != bool(params):
                    yield f"{group}.{method} takes {given}, should take {params or 'nothing'}"
                if params.endswith("?") and inspect.signature(found).parameters["params"].default is not None:
                    yield f"{group}.{method}: params is not optional"
                if params and not hasattr(rpc, params.rstrip("?")):
                    yield f"{params} is missing"


def example_problems():
    """The worked examples."""
    examples = {
        "reject": (rpc.PermissionDecisionReject(feedback="no").to_dict(), {"kind": "reject", "feedback": "no"}),
        "null name": (rpc.NameGetResult().to_dict(), {"name": None}),
        "plan": (rpc.ModeSetRequest(mode=session_events.SessionMode.PLAN).to_dict(), {"mode": "plan"}),
        "fields": (
            rpc.SessionFSStatResult.__struct_fields__,
            ("birthtime", "is_directory", "is_file", "mtime", "size", "error"),
        ),
        "order": (
            rpc.LlmInferenceHTTPResponseStartRequest.__struct_fields__,
            ("headers", "request_id", "status", "status_text"),
        ),
        "events order": (
            [member.name for member in session_events.AttachmentGitHubReferenceType],
            ["ISSUE", "PR", "DISCUSSION"],
        ),
        "merged": (rpc.ProviderEndpointWireApi is rpc.ProviderWireAPI, True),
        "union": (isinstance(session_events.PermissionRequest, types.UnionType), True),
        "own event type": (session_events.SessionEventType("zz") is session_events.SessionEventType.UNKNOWN, True),
        "duration": ("duration" in session_events.AssistantUsageData.__struct_fields__, True),
    }
    return [f"{name}: {got!r} is not {expected!r}" for name, (got, expected) in examples.items() if got != expected]


def main():
    problems = [f"{name} is missing" for name in missing(NAMES["invented"])]
    problems += [f"{name} is missing" for name in missing(NAMES["gone_in_newest"])]
    problems += [f"{name} is missing" for name in missing(NAMES["union_aliases"])]
    problems += [f"{name} is not the events' class" for name in NAMES["imported_from_events"]
                 if getattr(rpc, name, None) is not getattr(session_events, name)]
    for name, builtin in NAMES["builtin_aliases"].items():
        if getattr(getattr(rpc, name, None), "__name__", "Any") != builtin:
            problems.append(f"{name} is not {builtin}")
    problems += [*enum_problems(), *method_problems(), *example_problems()]
    for module in (rpc, session_events):
        problems += [f"{name} cannot be made" for name in module.__all__ if not hasattr(module, name)]
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"python names: {len(problems)} problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
