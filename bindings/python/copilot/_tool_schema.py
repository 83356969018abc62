"""What a tool takes: the JSON Schema of its arguments, and how they reach the parameters of its function."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import types
import typing
import warnings
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec

_NOTHING = inspect.Parameter.empty
# Annotations under which a parameter gets the arguments as they are.
_AS_THEY_ARE = (_NOTHING, Any, object, dict, Mapping)
_PLAIN_DEFAULTS = (str, int, float, bool, type(None))
# From the warning to the program that defines the tool.
_STACK = 6
_REFERENCES = "#/$defs/{name}"


def is_pydantic(model: Any) -> bool:
    """Whether this is a Pydantic model; Pydantic itself is not imported to find out."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(model, type) and issubclass(model, pydantic.BaseModel)


def _is_model(annotation: Any) -> bool:
    return (
        is_pydantic(annotation)
        or (isinstance(annotation, type) and dataclasses.is_dataclass(annotation))
        or typing.is_typeddict(annotation)
        or (isinstance(annotation, type) and issubclass(annotation, msgspec.Struct))
    )


def _speaks_pydantic(annotation: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether only Pydantic understands all of an annotation."""
    if is_pydantic(annotation):
        return True
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is Annotated:
        told = parts[1:]
        if any(type(each).__module__.partition(".")[0] in ("pydantic", "annotated_types") for each in told):
            return True
    elif isinstance(annotation, type) and _is_model(annotation) and annotation not in seen:
        seen = seen | {annotation}
        parts = tuple(_member_types(annotation))
    return any(_speaks_pydantic(each, seen) for each in parts)


def _member_types(model: type) -> list[Any]:
    try:
        return list(typing.get_type_hints(model, include_extras=True).values())
    except Exception:
        # What cannot be resolved is refused when the schema is made.
        return []


def _adapter(model: Any) -> Any:
    import pydantic

    return pydantic.TypeAdapter(model)


def schema_of(model: Any) -> dict[str, Any]:
    """The JSON Schema of a model."""
    if is_pydantic(model):
        schema: dict[str, Any] = model.model_json_schema()
        return schema
    if _speaks_pydantic(model):
        schema = _adapter(model).json_schema()
        return schema
    (reference,), definitions = msgspec.json.schema_components([model], ref_template=_REFERENCES)
    name = reference.get("$ref", "").rpartition("/")[2]
    schema = dict(definitions[name]) if name in definitions else dict(reference)
    others = {key: value for key, value in definitions.items() if key != name}
    # A model that holds itself is referred to by its parts.
    if name in definitions and _refers([schema, others], reference["$ref"]):
        others = definitions
    if others:
        schema["$defs"] = others
    return schema


def _refers(schema: Any, reference: str) -> bool:
    if isinstance(schema, dict):
        return schema.get("$ref") == reference or any(_refers(each, reference) for each in schema.values())
    return isinstance(schema, list) and any(_refers(each, reference) for each in schema)


class BadArguments(Exception):
    """The model sent arguments that do not fit; it is told what is wrong with them."""

    def __init__(self, cause: Exception, problems: list[str]) -> None:
        self.cause = cause
        self.text = "\n".join(["Invalid tool arguments:", *problems])


def validator(model: Any) -> Callable[[Any], Any]:
    """What makes the model of the arguments of a call; it raises :class:`BadArguments`."""
    if not _speaks_pydantic(model):
        return functools.partial(_by_msgspec, model)
    read = model.model_validate if is_pydantic(model) else _adapter(model).validate_python
    return functools.partial(_by_pydantic, read)


def _by_msgspec(model: Any, arguments: Any) -> Any:
    try:
        return msgspec.convert(arguments, model)
    except msgspec.ValidationError as error:
        raise BadArguments(error, [str(error)]) from None


def _by_pydantic(read: Callable[[Any], Any], arguments: Any) -> Any:
    import pydantic

    try:
        return read(arguments)
    except pydantic.ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}".removeprefix(": ")
            for each in error.errors()
        ]
        raise BadArguments(error, problems) from None


# -- signatures --------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Parameters:
    """How the arguments of a call reach a function."""

    # What they are validated against; none: they are passed as they come.
    model: Any = None
    # The parameters in order: whether each gets the invocation.
    order: tuple[tuple[inspect.Parameter, bool], ...] = ()
    # Whether each member of the model is a parameter of its own.
    spread: bool = False
    # Makes the model of the arguments; none when nobody takes them.
    validate: Callable[[Any], Any] | None = None

    def bind(self, invocation: Any) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments for a call."""
        given = {} if invocation.arguments is None else invocation.arguments
        value = given if self.validate is None else self.validate(given)
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for parameter, is_invocation in self.order:
            if is_invocation:
                each: Any = invocation
            elif not self.spread:
                each = value
            else:
                each = getattr(value, parameter.name) if parameter.name in given else parameter.default
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[parameter.name] = each
            else:
                positional.append(each)
        return positional, named


def parameters_of(
    function: Callable[..., Any], tool: str, params_type: Any, scope: Mapping[str, Any], invocation: type
) -> Parameters:
    """Reads a signature. ``scope`` holds the names visible where the tool is defined; a parameter annotated
    ``invocation`` gets the call itself.

    Raises ``TypeError`` for an annotation that cannot be resolved, or of which no schema can be made.
    """
    found = _signature(function)
    resolve = functools.partial(_resolved, tool, function, scope, invocation)
    hints = {each.name: resolve(each) for each in found}
    invocations = {name for name, hint in hints.items() if hint is invocation}
    wanted = [each for each in found if each.name not in invocations]
    if params_type is not None or _is_in_one(wanted, hints):
        return _in_one(found, invocations, wanted, hints, params_type, tool)
    if not wanted:
        return Parameters(None, tuple((each, True) for each in found))
    model = _model_of(tool, wanted, hints)
    order = tuple((each, each.name in invocations) for each in found)
    return Parameters(model, order, spread=True, validate=validator(model))


def _is_in_one(wanted: list[inspect.Parameter], hints: dict[str, Any]) -> bool:
    """Whether one parameter takes all arguments: it is a model, or says nothing. A second one takes the invocation."""
    if not wanted:
        return False
    first = _bare(hints[wanted[0].name])
    takes_all = _is_model(first) or first in _AS_THEY_ARE or typing.get_origin(first) in _AS_THEY_ARE[3:]
    return takes_all and len(wanted) <= 2 and all(hints[each.name] in (_NOTHING, Any, object) for each in wanted[1:])


def _in_one(
    found: list[inspect.Parameter],
    invocations: set[str],
    wanted: list[inspect.Parameter],
    hints: dict[str, Any],
    params_type: Any,
    tool: str,
) -> Parameters:
    first = wanted[0].name if wanted else ""
    model = params_type
    if model is None:
        hint = _bare(hints[first])
        model = hint if _is_model(hint) else None
    if model is None:
        text = f"tool {tool!r}: {first!r} does not say which arguments there are, so the model sees none; annotate the "
        text += "parameters, or give params_type or a Tool with a schema"
        warnings.warn(text, stacklevel=_STACK)
    # Without an annotation the second one is the invocation; more keep their defaults.
    taken = {each.name for each in wanted[:2]} | invocations
    order = tuple((each, each.name != first) for each in found if each.name in taken)
    return Parameters(model, order, validate=validator(model) if model is not None and wanted else None)


def _signature(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters that are still to be given."""
    if sys.version_info >= (3, 14):
        import annotationlib

        signature = inspect.signature(function, annotation_format=annotationlib.Format.FORWARDREF)
    else:
        signature = inspect.signature(function)
    bound = function.keywords if isinstance(function, functools.partial) else {}
    found = [each for each in signature.parameters.values() if each.name not in bound]
    fixed = [each for each in found if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    if fixed or not any(each.kind is each.VAR_POSITIONAL for each in found):
        return fixed
    # A wrapper that passes on whatever it gets: the arguments, and the invocation.
    return [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("arguments", "invocation")]


def wrapped_by(function: Any) -> Any:
    """The function behind partials, wrappers, methods and callable objects."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif inspect.ismethod(function):
            function = function.__func__
        elif inspect.isroutine(function) or isinstance(function, type):
            return function
        else:
            call = type(function).__call__
            if not inspect.isfunction(call):
                return function
            function = call


def name_of(function: Any) -> str:
    """What a tool is called after its function."""
    while not hasattr(function, "__name__") and isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _resolved(
    tool: str, function: Any, scope: Mapping[str, Any], invocation: type, parameter: inspect.Parameter
) -> Any:
    annotation = parameter.annotation
    if annotation is _NOTHING:
        return annotation
    inside = wrapped_by(function)
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        hints = typing.get_type_hints(holder, getattr(inside, "__globals__", {}), dict(scope), include_extras=True)
        return hints["it"]
    except Exception as error:
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", repr(annotation))
        if text.endswith(invocation.__name__):
            return invocation
        raise TypeError(
            f"tool {tool!r}: the annotation {text!r} of {parameter.name!r} cannot be resolved ({error}); it must be "
            f"importable at run time, not only under TYPE_CHECKING, or be given as params_type"
        ) from error


def _bare(annotation: Any) -> Any:
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is Annotated else annotation


def _model_of(tool: str, wanted: list[inspect.Parameter], hints: dict[str, Any]) -> Any:
    """A model with a member for each parameter."""
    members = [_member(each, hints[each.name]) for each in wanted]
    for name, annotation, _ in members:
        try:
            schema_of(annotation)
        except Exception as error:
            raise TypeError(
                f"tool {tool!r}: no JSON Schema can be made of the annotation {hints[name]!r} of {name!r}; use types "
                f"that JSON has, or give params_type"
            ) from error
    return dataclasses.make_dataclass(tool, members, kw_only=True)


def _member(parameter: inspect.Parameter, annotation: Any) -> tuple[str, Any, Any]:
    if annotation is _NOTHING:
        annotation = Any
    elif typing.get_origin(annotation) is Annotated:
        # A text beside the type is its description.
        kind, *told = typing.get_args(annotation)
        known = [msgspec.Meta(description=each) if isinstance(each, str) else each for each in told]
        annotation = Annotated[(kind, *known)]
    default = parameter.default
    if default is _NOTHING:
        return parameter.name, annotation, dataclasses.field()
    if default is None:
        annotation = annotation | None
    if isinstance(default, _PLAIN_DEFAULTS):
        return parameter.name, annotation, dataclasses.field(default=default)
    return parameter.name, annotation, dataclasses.field(default_factory=lambda: default)
