"""Run the simulator as a process: parse the command line, serve, and stop cleanly on a signal."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

from .server.app import build_application
from .server.faults import parse_faults
from .server.state import SimulatorState
from .server.webhook_sender import WebhookSender

DEMO_SPEED: Final = 720.0
SHUTDOWN_SECONDS: Final = 0.3


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Exit with 2 for a command line or a state file that cannot be used."""
    parser = _build_parser()
    options = parser.parse_args(arguments)
    if not options.key:
        parser.error("a key is needed: --key or SIMULATOR_KEY")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="simulator: %(message)s")
    try:
        state = SimulatorState.open(options.state, speed=options.speed, seed=options.seed, fresh=options.fresh)
    except (OSError, ValueError, TypeError) as error:
        parser.error(f"cannot use the state file: {error}")
    asyncio.run(_serve(state, options))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tracking.simulator", description="Simulates parcels behind 17TRACK's API.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one (default)")
    parser.add_argument("--key", default=os.environ.get("SIMULATOR_KEY", ""), help="or SIMULATOR_KEY, unseen by ps")
    parser.add_argument("--webhook", default="", metavar="URL", help="where news are pushed; nowhere by default")
    parser.add_argument("--speed", type=float, default=DEMO_SPEED, help="journey seconds in one of ours (default 720)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="what to remember; nothing by default")
    parser.add_argument("--fresh", action="store_true", help="forget what the state file remembers")
    parser.add_argument("--seed", type=int, default=0, help="draws other journeys (default 0)")
    parser.add_argument(
        "--faults", type=parse_faults, default={}, metavar="ODDS", help="such as 500:0.1,429:0.05,html:0.02,slow:0.05"
    )
    return parser


async def _serve(state: SimulatorState, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    sender = WebhookSender(state, options.webhook, options.key) if options.webhook else None
    app = build_application(state, options.key, sender=sender, faults=options.faults)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", options.port)
        await site.start()
        print(f"simulator ready on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
