"""`client.rpc` and `session.rpc`: namespaces and handler protocols made from the method tables."""

import json

from ._runtime import SPACES, parse, read_answer, reader, writer
from ._wire import plain

NAMES = ["ClientGlobalApiHandlers", "ClientSessionApiHandlers", "RPC", "rpc_from_dict", "rpc_to_dict"]
SPACE = SPACES["rpc"]


class RPC:
    """A dictionary of values by definition name; kept for older programs."""

    def __init__(self, **values):
        self.__dict__.update(values)

    @staticmethod
    def from_dict(obj):
        return RPC(**obj)

    def to_dict(self):
        return {k: plain(v) for k, v in self.__dict__.items()}


def rpc_from_dict(s):
    return RPC.from_dict(s)


def rpc_to_dict(x):
    return x.to_dict()


def payload(params):
    """Values to send. A null is sent only where the program read or wrote one on purpose."""
    if params is None:
        return {}
    if isinstance(params, dict):
        return {k: plain(v) for k, v in params.items() if v is not None}
    wire = params.to_dict()
    explicit = getattr(params, "_extra", None) or {}
    return {k: v for k, v in wire.items() if v is not None or k in explicit}


def patched_models(value):
    """Older servers leave out capabilities that the classes require."""
    for model in value.get("models", ()):
        capabilities = model.setdefault("capabilities", {})
        capabilities.setdefault("supports", {})
        capabilities.setdefault("limits", {}).setdefault("max_context_window_tokens", 0)
    return value


def read_result(wire, spec, raw):
    # Some runtimes answer null where the schema has an object; the work is done all the same.
    if spec == "n" or raw is None or raw == b"null":
        return None
    if wire == "models.list":
        value = json.loads(raw) if isinstance(raw, (bytes, bytearray, memoryview)) else raw
        return SPACE.lenient_reader("ModelList")(patched_models(value))
    if isinstance(raw, (bytes, bytearray, memoryview)):
        return read_answer("rpc", spec, raw)
    return reader(SPACE, parse(spec)[0])(raw)


def make_method(name, wire, params, result, session):
    async def send(self, arguments, timeout):
        data = payload(arguments)
        if session:
            data["sessionId"] = self._session_id
        if timeout is None:
            raw = await self._client.request(wire, data)
        else:
            raw = await self._client.request(wire, data, timeout=timeout)
        return read_result(wire, result, raw)

    if not params:

        async def method(self, *, timeout=None):
            return await send(self, None, timeout)

    elif params.startswith("?"):

        async def method(self, params=None, *, timeout=None):
            return await send(self, params, timeout)

    else:

        async def method(self, params, *, timeout=None):
            return await send(self, params, timeout)

    method.__name__ = name
    method.__doc__ = f"`{wire}`."
    return method


def make_child(attr, cls, session):
    slot = "_ns_" + attr

    def child(self):
        found = self.__dict__.get(slot)
        if found is None:
            kind = attribute(SPACE, cls)
            found = kind(self._client, self._session_id) if session else kind(self._client)
            self.__dict__[slot] = found
        return found

    return property(child)


def make_group(name):
    session, children, methods = SPACE.table.GROUPS[name]
    body = {"__module__": SPACE.module, "__qualname__": name}

    if session:

        def __init__(self, client, session_id):
            self._client = client
            self._session_id = session_id

    else:

        def __init__(self, client):
            self._client = client

    body["__init__"] = __init__
    for attr, cls in children:
        body[attr] = make_child(attr, cls, session)
    for method, wire, params, result in methods:
        body[method] = make_method(method, wire, params, result, session)
        body[method].__qualname__ = f"{name}.{method}"
    return type(name, (), body)


def make_protocol(name):
    from typing import Protocol

    body = {"__module__": SPACE.module, "__qualname__": name}
    for method, wire, _, _ in SPACE.table.HANDLERS[name][2]:

        async def declared(self, params):
            raise NotImplementedError

        declared.__name__ = method
        declared.__doc__ = f"`{wire}`."
        body[method] = declared
    return type(Protocol)(name, (Protocol,), body)


def make_container(name):
    import dataclasses

    per_session = name == "ClientSessionApiHandlers"
    attrs = [attr for attr, session, _ in SPACE.table.HANDLERS.values() if session == per_session]
    made = dataclasses.make_dataclass(name, [(attr, "object", None) for attr in attrs])
    made.__module__ = SPACE.module
    return made


def register(client, scope, choose):
    for attr, session, methods in SPACE.table.HANDLERS.values():
        if session == scope:
            for name, wire, params, result in methods:
                client.set_request_handler(wire, make_handler(attr, name, params, result, choose))


def make_handler(attr, name, params, result, choose):
    def both():
        return reader(SPACE, parse(params)[0]), writer(SPACE, parse("O" + result)[0])

    async def handle(message):
        read, write = both()
        answer = await getattr(choose(attr, message), name)(read(message))
        return write(answer)

    return handle


def register_client_session_api_handlers(client, get_handlers):
    def choose(attr, message):
        session = message["sessionId"]
        found = getattr(get_handlers(session), attr)
        if found is None:
            raise RuntimeError(f"No {attr} handler registered for session: {session}")
        return found

    register(client, True, choose)


def register_client_global_api_handlers(client, handlers):
    def choose(attr, message):
        found = getattr(handlers, attr)
        if found is None:
            raise RuntimeError(f"No {attr} client-global handler registered")
        return found

    register(client, False, choose)


FUNCTIONS = {
    "RPC": RPC,
    "rpc_from_dict": rpc_from_dict,
    "rpc_to_dict": rpc_to_dict,
    "register_client_session_api_handlers": register_client_session_api_handlers,
    "register_client_global_api_handlers": register_client_global_api_handlers,
}
MADE = {}


def attribute(space, name):
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    found = MADE.get(name)
    if found is None:
        if name in space.table.GROUPS:
            found = make_group(name)
        elif name in space.table.HANDLERS:
            found = make_protocol(name)
        elif name in ("ClientGlobalApiHandlers", "ClientSessionApiHandlers"):
            found = make_container(name)
        else:
            raise AttributeError(f"module {space.module!r} has no attribute {name!r}")
        MADE[name] = found
    return found
