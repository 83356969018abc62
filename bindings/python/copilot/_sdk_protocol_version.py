"""The protocol version the engine speaks."""

SDK_PROTOCOL_VERSION = 3


def get_sdk_protocol_version() -> int:
    return SDK_PROTOCOL_VERSION
