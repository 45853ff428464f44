"""Try to walk round the limits on guessing: `python -m tests.drills.lookup_limits`.

Each walk makes 30 look-ups with a wrong proof, in a way that once was not counted together. At most ten may be tested;
the others must be refused. Afterwards the buyer with the right proof still gets in. The exit status is not zero
otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

# Lets the drill say from which address it comes.
os.environ["TRUSTED_PROXIES"] = "1"
import tests.drills.django_setup  # noqa: F401

import httpx  # isort: skip
from django.conf import settings

from tests import factories
from tests.drills.faults.report import format_table
from tests.drills.lookup_walks import TRIES, UPS, Walk, plan_walks, s10_number
from tests.drills.site import finish, run_site

MAX_TESTED = 10


class Look(NamedTuple):
    """How often wrong proofs were tested and refused, and the status that the buyer got."""

    tested: int
    refused: int
    buyer_status: int


def create_orders() -> None:
    """Create the orders that the walks are about."""
    tracking_numbers = {"LF-1002": UPS, "LF-1003": s10_number(7001)}
    numbers = ["LF-1001", "LF-1002", "LF-1003", "LF-1004", "LF-1006", *(f"LF-{2001 + index}" for index in range(TRIES))]
    for number in numbers:
        order = factories.create_order(number)
        if number in tracking_numbers:
            factories.create_leg(tracking_numbers[number], for_order=order)


def look_up(url: str, text: str, identity: str, client_address: str) -> int:
    """Look an order up in a fresh browser; return the status: 302 found, 200 not found, 429 refused."""
    with httpx.Client(base_url=url, headers={"X-Forwarded-For": client_address}) as client:
        client.get("/")
        form = {"number": text, "identity": identity, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        return client.post("/", data=form).status_code


def take_walk(url: str, walk: Walk) -> Look:
    """Try 30 wrong proofs, then the right one from the buyer's own address."""
    statuses = [
        look_up(url, walk.text(index), f"guess{index}@example.com", walk.client(index)) for index in range(TRIES)
    ]
    buyer_status = look_up(url, walk.buyer_text, "buyer@example.com", "203.0.113.7")
    return Look(statuses.count(200), statuses.count(429), buyer_status)


def main() -> int:
    """Run the drill; return the exit status."""
    log_path = Path(tempfile.mkstemp(prefix="landfall-lookup-", suffix=".log")[1])
    rows, all_met = [["walk", "tries", "tested", "refused", "the buyer", ""]], True
    with run_site(settings.DATA_DIR, log_path) as site:
        create_orders()
        for walk in plan_walks():
            found = take_walk(site.url, walk)
            is_met = 0 < found.tested <= MAX_TESTED and found.tested + found.refused == TRIES
            is_met &= found.buyer_status == 302
            counts = [str(count) for count in (TRIES, found.tested, found.refused)]
            rows.append([walk.name, *counts, str(found.buyer_status), "met" if is_met else "MISSED"])
            all_met &= is_met
    print(f"Wrong proofs: at most {MAX_TESTED} of {TRIES} tested; the buyer gets 302\n\n{format_table(rows)}")
    return finish(log_path, all_met)


if __name__ == "__main__":
    sys.exit(main())
