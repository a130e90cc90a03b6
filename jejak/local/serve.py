"""Lanes behind one port until asked to stop. Settings and lane names in; returns when SIGINT or SIGTERM came."""

import socket
from collections.abc import Sequence
from typing import Final

import uvicorn

from jejak.local.app import create_app
from jejak.local.prepare import StartRefused, settle_heap
from jejak.services.settings import Settings

STOP_S: Final = 3


def serve(settings: Settings, names: Sequence[str]) -> None:
    """Run lanes until SIGINT or SIGTERM; stops within ten seconds."""
    try:
        listening = socket.create_server((settings.host, settings.port), reuse_port=False)
    except OSError as error:
        raise StartRefused(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}); choose another JEJAK_PORT"
        ) from error
    with listening:
        config = uvicorn.Config(
            create_app(settings, names),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_S,
            lifespan="on",
            server_header=False,
        )
        server = uvicorn.Server(config)
        settle_heap()
        server.run(sockets=[listening])
        if not server.started:
            raise StartRefused("the lanes could not be started; the reason is in the line above")
