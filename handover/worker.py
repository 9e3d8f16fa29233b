"""One of several service processes: `python -m handover.worker --socket FD --number N`, started by handover/supervisor.py.

Standard input says where Rasa listens (rasa_process.Feed); on standard output goes a byte now and then, as a sign of life.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
from typing import Any

import structlog

from handover.app import Service, make_app
from handover.cli import log_to, raise_file_limit, serve_on, stop_with_parent
from handover.rasa_process import Feed
from handover.settings import read_settings

BEAT = 2.0  # seconds between signs of life


def main() -> None:
    stop_with_parent(signal.SIGKILL)  # the next start must find the port free; whatever was acknowledged is stored
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--number", type=int, required=True)
    arguments = parser.parse_args()
    settings = read_settings()
    raise_file_limit()
    log_to(settings.data / "logs" / "service.log")
    structlog.contextvars.bind_contextvars(worker=arguments.number)
    app = make_app(Service(settings, rasa=Feed(sys.stdin.buffer)), settings.port)

    @app.before_server_start
    async def live(app: Any) -> None:
        app.add_task(_beat())  # from now on: it may have to wait for the database

    serve_on(socket.socket(fileno=arguments.socket), app)


async def _beat() -> None:
    while True:
        os.write(1, b".")
        await asyncio.sleep(BEAT)


if __name__ == "__main__":
    main()
