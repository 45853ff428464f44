"""`python -m tests.audit.state_pages`: print a parcel of the demo for each state of a page, as JSON lines."""

from __future__ import annotations

# Must come first: it sets up Django.
import tests.audit.django_setup  # noqa: F401

# isort: split
import json

from django.db.models import Count
from django.utils import timezone

from tracking.models import Order, Shipment
from tracking.page_state import StateKind, decide_state
from tracking.pages.page_rows import load_parcel
from tracking.pages.parcel_view import facts_for_page


def print_state_pages() -> None:
    """Print `{"name": ..., "path": ...}` of each state, '' where no parcel is in it, and of the largest order."""
    now, paths = timezone.now(), dict[str, str]()
    keys = Shipment.objects.order_by("pk").values_list("pk", flat=True)
    for shipment in filter(None, (load_parcel(key, now) for key in keys)):
        paths.setdefault(decide_state(facts_for_page(shipment, now, [])).kind, shipment.get_absolute_url())
    largest = Order.objects.annotate(size=Count("shipments")).order_by("-size", "pk").first()
    pages = {kind.value: paths.get(kind, "") for kind in StateKind} | {
        "order": largest.get_absolute_url() if largest else ""
    }
    for name, path in pages.items():
        print(json.dumps({"name": name, "path": path}))


if __name__ == "__main__":
    print_state_pages()
