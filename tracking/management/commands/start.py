"""Set up and run the whole site on this machine: `manage.py start`. Ctrl-C stops all of it."""

from __future__ import annotations

import fcntl
import io
import json
import os
import socket
import sys
from argparse import ArgumentParser
from typing import Any, Final, NoReturn

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from tracking import broker
from tracking.live.limits import RESERVED_DESCRIPTORS, raise_descriptor_limit
from tracking.localization.catalogues import compile_catalogues
from tracking.settings.environment import load_or_create_secret
from tracking.simulator.parcels.held_order import HELD_EMAIL
from tracking.simulator.parcels.held_orders import HELD_ORDERS
from tracking.supervisor import ChildSpec

OPERATOR_EMAIL: Final = "operator@example.com"
MAX_CONNECTIONS: Final = 4096
GRANIAN_DEFAULTS: Final = {
    # HTTP/1 only: while granian finds out which version a client speaks, it waits for the first byte without a limit.
    "GRANIAN_HTTP": "1",
    "GRANIAN_HTTP1_HEADER_READ_TIMEOUT": "5000",
    # Without it granian waits for the end of every live stream before it stops.
    "GRANIAN_WORKERS_KILL_TIMEOUT": "1",
}


class Command(BaseCommand):
    help = "Run web, worker, beat, broker and a simulated carrier network, with demo orders."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument("--host", default=os.environ.get("HOST_ADDRESS") or "127.0.0.1")
        parser.add_argument("--speed", type=float, default=float(os.environ.get("SIMULATOR_SPEED") or 720))
        parser.add_argument("--no-demo", action="store_true", help="no simulated network and no demo orders")
        parser.add_argument("--no-history", action="store_true", help="no year of simulated parcels")

    def handle(self, *args: Any, **options: Any) -> None:
        lock = acquire_lock()
        check_port_free(options["host"], options["port"])
        prepare_site()
        demo: list[dict[str, str]] = []
        programs = [*broker_programs(), *site_programs(options)]
        if not options["no_demo"]:
            demo, network = prepare_network(options)
            programs += [network] if options["no_history"] else [network, history_program()]
            os.environ.setdefault("DEMO", "1")
        site_url = f"http://127.0.0.1:{options['port']}"
        os.environ.setdefault("SITE_URL", site_url)
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        exec_supervisor(
            lock,
            {"children": programs, "ready_url": f"{site_url}/readyz", "ready_message": banner(site_url, demo)},
        )


def exec_supervisor(lock: io.TextIOWrapper, plan: dict[str, Any]) -> NoReturn:
    """Replace this process by the supervisor, which keeps the lock but not the memory that the set-up needed."""
    # The plan goes through a pipe in the place of standard input: it must fit the pipe's buffer (64 KiB on Linux).
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as file:
        json.dump(plan, file)
    os.dup2(read_end, 0)
    os.set_inheritable(lock.fileno(), True)
    os.environ["DATA_DIR"] = str(settings.DATA_DIR.absolute())
    os.chdir(settings.BASE_DIR)
    # -P keeps tracking/ off the import path: modules in it would hide standard ones of the same name.
    os.execv(sys.executable, [sys.executable, "-P", str(settings.BASE_DIR / "tracking" / "supervisor.py")])


def acquire_lock() -> io.TextIOWrapper:
    """Take the lock of this DATA_DIR; raise CommandError if another site runs on it."""
    lock = (settings.DATA_DIR / "start.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError(f"it is already running on {settings.DATA_DIR}", returncode=2) from error
    return lock


def check_port_free(host: str, port: int) -> None:
    """Raise CommandError if the port cannot be used."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"port {port} cannot be used ({error}); PORT=8001 takes another", returncode=2
            ) from error


def build_program(name: str, *command: str, ready_path: str = "", **environment: str) -> ChildSpec:
    """Return one child for the supervisor. Each child needs the embedded broker, except the broker itself."""
    return {
        "name": name,
        "command": list(command),
        # glibc makes up to eight malloc arenas a core; with two each process needs some megabytes less.
        "environment": {"MALLOC_ARENA_MAX": "2", **environment},
        "needs": ["broker"] if settings.EMBEDDED_BROKER and name != "broker" else [],
        "ready_path": ready_path,
    }


def broker_programs() -> list[ChildSpec]:
    """Return the embedded broker; nothing where REDIS_URL names another."""
    if not settings.EMBEDDED_BROKER:
        return []
    data_dir = settings.DATA_DIR / "broker"
    data_dir.mkdir(exist_ok=True)
    settings.BROKER_SOCKET.unlink(missing_ok=True)
    return [
        build_program(
            "broker", *broker.server_command(settings.BROKER_SOCKET, data_dir), ready_path=str(settings.BROKER_SOCKET)
        )
    ]


def prepare_site() -> None:
    """Bring tables, translations and static files up to date, and create the operator."""
    call_command("migrate", verbosity=0, interactive=False)
    compile_catalogues(settings.LOCALE_PATHS[0])
    call_command("collectstatic", verbosity=0, interactive=False)
    if not User.objects.filter(email=OPERATOR_EMAIL).exists():
        operator = User.objects.create_superuser(OPERATOR_EMAIL, load_or_create_secret("operator-password", 9))
        EmailAddress.objects.create(user=operator, email=OPERATOR_EMAIL, verified=True, primary=True)


def prepare_network(options: dict[str, Any]) -> tuple[list[dict[str, str]], ChildSpec]:
    """Connect the simulated carrier network as a feed; return the demo orders and the program of the network."""
    key, port, speed = load_or_create_secret("simulator-key", 24), network_port(), str(options["speed"])
    webhook_url = f"http://127.0.0.1:{options['port']}/hooks/simulator/"
    state_path = str(settings.DATA_DIR / "simulator.json")
    out = io.StringIO()
    url = f"http://127.0.0.1:{port}"
    call_command("demo_orders", carrier_url=url, carrier_key=key, speed=options["speed"], moving_only=True, stdout=out)
    command = [sys.executable, "-m", "tracking.simulator", "--port", port, "--webhook", webhook_url]
    network = build_program("carriers", *command, "--speed", speed, "--state", state_path, SIMULATOR_KEY=key)
    return [json.loads(line) for line in out.getvalue().splitlines()], network


def history_program() -> ChildSpec:
    """Return the program that gives the demo its past, once, with less claim to the processors than the site."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "seed_history", "--nice"]
    return {**build_program("history", *command), "runs_once": True}


def network_port() -> str:
    """Return the port of the simulated network: the one it had before if that is free, else a new one."""
    path = settings.DATA_DIR / "simulator-port"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(path.read_text()) if path.exists() else 0))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        path.write_text(str(probe.getsockname()[1]))
    return path.read_text()


def web_environment() -> dict[str, str]:
    """Return the options of granian that the environment does not set."""
    connections = min(MAX_CONNECTIONS, raise_descriptor_limit() - RESERVED_DESCRIPTORS)
    defaults = {**GRANIAN_DEFAULTS, "GRANIAN_BACKPRESSURE": str(max(1, connections))}
    return {name: value for name, value in defaults.items() if name not in os.environ}


def site_programs(options: dict[str, Any]) -> list[ChildSpec]:
    """Return web, worker and beat."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "tracking"]
    web = [sys.executable, "-m", "granian", "--interface", "asginl", "--workers", "1", "--log-level", "warning"]
    address = ["--host", options["host"], "--port", str(options["port"])]
    schedule = str(settings.DATA_DIR / "beat-schedule")
    return [
        build_program("web", *web, *address, "tracking.asgi:application", **web_environment()),
        build_program("worker", *celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip"),
        build_program("beat", *celery, "beat", "--pidfile=", "--schedule", schedule, CELERY_BEAT_ALONE="1"),
    ]


def banner(site_url: str, demo_orders: list[dict[str, str]]) -> str:
    """Return what is printed once the site is up: its URL, some demo orders, the operator's password."""
    held = [f"{order.order_number} {order.slug or order.state}" for order in HELD_ORDERS if demo_orders]
    orders = [f"    {row['order']}  {row['email']:<24}  {row['story']}" for row in demo_orders[:3]]
    states = [f"    {', '.join(held[start : start + 4])}" for start in range(0, len(held), 4)]
    more = ["", f"Each state of a page, for {HELD_EMAIL}, or listed at {site_url}/demo/ :", *states] if held else []
    return "\n".join(
        [
            "",
            f"Landfall is up at {site_url}",
            *(["", "Try an order number with its e-mail:"] if demo_orders else []),
            *orders,
            *more,
            "",
            f"Operators' desk: {site_url}/desk/",
            f"    {OPERATOR_EMAIL}  {load_or_create_secret('operator-password', 9)}",
            "",
            "Ctrl-C stops everything; the next start continues here.",
            "",
        ]
    )
