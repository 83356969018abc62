"""Negative test: a type checker must report every line marked `wrong`."""

from copilot.generated import rpc
from copilot.generated._runtime import Requester


async def use(client: Requester) -> None:
    session = rpc.SessionRpc(client, "id")
    rpc.PermissionDecisionReject(feedbak="no")  # wrong
    result = await session.send(rpc.SendRequest(prompt="hi"))
    print(result.mesage_id)  # wrong
    await session.mode.sett(rpc.PingRequest())  # wrong
