"""RPC types, `client.rpc` and `session.rpc`; declared in `rpc.pyi`, made on first use."""


def __getattr__(name):
    from . import _runtime

    return _runtime.attribute("rpc", name)


def __dir__():
    from . import _runtime

    return _runtime.names("rpc")
