"""S3 on loopback, in memory, one request at a time: what it refuses is refused for everybody. usage: s3.py PORT"""

from __future__ import annotations

import sys

from moto.backends import get_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

get_backend("s3")["123456789012"]["aws"].create_bucket("sessions", "us-east-1")
application = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=False)
