"""The reading of a pasted answer: tried out before its recipe is saved, and shown whenever the page is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from tracking.admin.events import offset_in_words
from tracking.carriers.configurable import adapter
from tracking.carriers.configurable.config import BadRecipe, Recipe
from tracking.carriers.configurable.json_paths import NotThere, contents
from tracking.carriers.json_access import UnreadableAnswer, load_any
from tracking.carriers.parsed import Reading, ToldScan
from tracking.ingest.dedupe import fingerprint
from tracking.models import Carrier

SAMPLE: Final = "sample"
"""The pasted answer among the fields of a recipe."""


def shown(carrier: Carrier) -> SafeString:
    """Return as HTML how a carrier's recipe reads its pasted answer, the newest first."""
    try:
        scans = scans_in(Recipe.read(carrier.recipe), carrier.sample_answer)
        context = {"rows": [(scan, offset_in_words(scan.when.offset_minutes)) for scan in reversed(scans)]}
    except (BadRecipe, UnreadableAnswer):
        context = {}
    return render_to_string("admin/tracking/carrier/_reading.html", context)


def marks(recipe: Mapping[str, Any], sample: str) -> frozenset[str]:
    """Return by what the events of an answer are known again; nothing where they cannot be read."""
    try:
        return frozenset(map(fingerprint, scans_in(Recipe.read(recipe), sample)))
    except (BadRecipe, UnreadableAnswer):
        return frozenset()


def scans_in(recipe: Recipe, sample: str) -> list[ToldScan]:
    """Return the scans that a recipe reads in an answer, oldest first. Raise `UnreadableAnswer`."""
    return [scan for parcel in read_sample(recipe, sample).parcels for scan in parcel.scans]


def check_reading(recipe: Recipe, sample: str) -> None:
    """Raise `BadRecipe`, with the fault at the field that is to blame, unless a recipe reads an event and its time."""
    try:
        answer = load_any(sample.encode())
    except UnreadableAnswer as trouble:
        raise BadRecipe({SAMPLE: gettext("It cannot be read: %(why)s.") % {"why": trouble}}) from trouble
    scans = scans_found(recipe, sample)
    if not any(scan.when.at or scan.when.local for scan in scans):
        raise BadRecipe({"time": time_fault(recipe, answer, [scan.when.raw for scan in scans])})


def scans_found(recipe: Recipe, sample: str) -> list[ToldScan]:
    """Return the scans of an answer that is JSON; none at all are a fault."""
    try:
        reading = read_sample(recipe, sample)
    except NotThere as trouble:
        words = gettext("The pasted answer has no %(path)s. There it has: %(there)s.")
        raise BadRecipe({"events": words % {"path": trouble.path, "there": trouble.there}}) from trouble
    except UnreadableAnswer as trouble:
        raise BadRecipe({"events": gettext("It cannot be read: %(why)s.") % {"why": trouble}}) from trouble
    if reading.refusals:
        raise BadRecipe({SAMPLE: gettext("It says that the number is not known. Paste an answer with events.")})
    scans = [scan for parcel in reading.parcels for scan in parcel.scans]
    if not scans:
        raise BadRecipe({"events": gettext("This list is empty in the pasted answer. Paste an answer with events.")})
    return scans


def time_fault(recipe: Recipe, answer: Any, raws: list[str]) -> str:
    """Say why no event has a time: the path leads nowhere, or what lies there is not understood."""
    told = next(filter(None, raws), "")
    if told:
        words = gettext("“%(told)s” is not understood as a time. Look at how it is written and at whose clock.")
        return words % {"told": Truncator(told).chars(60)}
    event = adapter.events_of(answer, recipe.events)[0]
    return gettext("No event has a time there. An event has: %(there)s.") % {"there": contents(event)}


def read_sample(recipe: Recipe, sample: str) -> Reading:
    """Return what a recipe reads in a pasted answer. Raise `UnreadableAnswer`."""
    feed = adapter.GenericJson(recipe, adapter.SLUG, adapter.SLUG)
    return feed.parse(sample.encode(), heard_at=datetime.now(UTC))
