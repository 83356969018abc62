"""S3 on loopback, in memory, one request at a time: what it refuses is refused for everybody. usage: s3.py PORT [SEED]

With a seed it is unsteady: some requests are refused for now, some are done and their answers lost, some are slow.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from moto.backends import get_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: What is refused for now: how S3 says that it is asked too often.
REFUSALS = ["503 Slow Down", "429 Too Many Requests", "500 Internal Server Error"]


def unsteady(steady: Application, seed: int) -> Application:
    chance = random.Random(seed)

    def refuse(begin: Callable[..., Any]) -> list[bytes]:
        begin(chance.choice(REFUSALS), [("Content-Type", "application/xml")])
        return [b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"]

    def answer(environ: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
        kind = chance.randrange(100)
        if kind < 15:
            # What was sent is taken, so that the connection stays usable.
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return refuse(begin)
        if kind < 20:
            list(steady(environ, lambda *_: None))
            return refuse(begin)
        if kind < 25:
            time.sleep(0.2)
        return steady(environ, begin)

    return answer


get_backend("s3")["123456789012"]["aws"].create_bucket("sessions", "us-east-1")
application: Application = DomainDispatcherApplication(create_backend_app)
if len(sys.argv) > 2:
    application = unsteady(application, int(sys.argv[2]))
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=False)
