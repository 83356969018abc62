"""Checked by mypy and pyright in strict mode: names, fields, calls and narrowing."""

from copilot.generated import rpc, session_events
from copilot.generated._runtime import Requester


def feedback(decision: rpc.PermissionDecision) -> str | None:
    if isinstance(decision, rpc.PermissionDecisionReject):
        return decision.feedback
    return decision.kind


async def use(client: Requester) -> str:
    server = rpc.ServerRpc(client)
    session = rpc.SessionRpc(client, "id")
    pong = await server.ping(rpc.PingRequest(message="hi"), timeout=2.0)
    await session.mode.set(rpc.ModeSetRequest(mode=session_events.SessionMode.PLAN))
    mode = await session.mode.get()
    await session.commands.list()
    commands = await session.commands.list(rpc.CommandsListRequest(include_builtins=True))
    print(feedback(rpc.PermissionDecisionReject(feedback="no")))
    event = session_events.session_event_from_dict({})
    if isinstance(event.data, session_events.AssistantMessageDeltaData):
        return event.data.delta_content
    return pong.message + mode.value + str(len(commands.commands))
