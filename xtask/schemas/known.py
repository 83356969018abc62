"""Finds out which of the methods that only a newer release names a runtime without schemas answers.

    python known.py PROGRAM > known-RUNTIME.json

PROGRAM is the runtime. A method is known when the answer to a call without members is not that it is unhandled. Runs in
a home of its own. Needs `make setup build-python`.
"""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import sys
import tempfile

from copilot import CopilotClient, RuntimeConnection
from copilot.client import JsonRpcError

AGES = pathlib.Path(__file__).parents[2] / "core/src/rpc/ages.rs"
LIMIT = 5.0
NOWHERE = {"type": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": "none"}


async def is_known(client, name, session_id):
    params = {"sessionId": session_id} if name.startswith("session.") else {}
    try:
        await asyncio.wait_for(client.request(name, params), LIMIT)
    except JsonRpcError as error:
        return "Unhandled method" not in str(error)
    except TimeoutError:
        pass
    return True


async def main(program):
    names = re.findall(r'\("([^"]+)", "1\.0\.1\d\d"', AGES.read_text())
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        connection = RuntimeConnection.for_stdio(path=program)
        client = CopilotClient(connection=connection, use_logged_in_user=False, base_directory=home)
        await client.start()
        session = await client.create_session(model="m", provider=NOWHERE)
        known = [name for name in names if await is_known(client, name, session.session_id)]
        with contextlib.suppress(Exception):
            await client.force_stop()
    print(json.dumps(sorted(known), indent=1))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
