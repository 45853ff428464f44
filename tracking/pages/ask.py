"""One thing asked of a buyer: proof first, then its form, then its receipt and what became of the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from tracking import buyer_tasks
from tracking.buyer_tasks.answers import WrongState
from tracking.buyer_tasks.answers import answer as give
from tracking.buyer_tasks.received import Proof, delivered_by, proof_of
from tracking.buyer_tasks.starts import startable
from tracking.buyer_tasks.values import in_words
from tracking.live import publish
from tracking.localization.reader import zone_for
from tracking.models import Ask, Shipment
from tracking.models.buyer_tasks import Actor
from tracking.models.texts import title_of
from tracking.pages.answering import FORMS, About, AnswerForm
from tracking.pages.guessing import WINDOW_SECONDS, note_failure, too_many
from tracking.pages.private import private_page
from tracking.pages.proof import provable, proven, proves, remember
from tracking.pages.reader import reader_of_order
from tracking.pages.uploads import takes_files
from tracking.timeline import in_order
from tracking.vocabulary import AskKind

log: Final = structlog.get_logger()


@takes_files
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Show what is asked, take the answer, and show its receipt; to nobody who has not given the order's proof."""
    shipment = get_object_or_404(Shipment.objects.select_related("order__shop"), token=token)
    asked, new = asked_now(shipment, kind, timezone.now())
    if not proven(request, shipment.order):
        return prove(request, shipment, AskKind(kind))
    if "proof" in request.POST:
        return redirect(request.path)
    if not new and asked and not asked.waits_for_buyer:
        return receipt(request, shipment, asked)
    about = about_it(request, shipment, None if new else asked)
    form = FORMS[AskKind(kind)](request.POST or None, request.FILES or None, about=about)
    if request.method == "POST" and form.is_valid():
        return take(form, shipment, AskKind(kind))
    return page(
        request, shipment, AskKind(kind), "form", form=form, ask=about.ask, proof=about.proof, reader=about.reader
    )


def asked_now(shipment: Shipment, kind: str, now: datetime) -> tuple[Ask | None, bool]:
    """Return the latest ask of a kind, and whether the buyer would begin a new one. Raise `Http404` for neither."""
    latest = shipment.asks.filter(kind=kind).order_by("-pk").first()
    new = (latest is None or latest.ended) and kind in startable(shipment, now)
    if kind not in FORMS or (latest is None and not new):
        raise Http404
    return latest, new


def prove(request: HttpRequest, shipment: Shipment, kind: AskKind) -> HttpResponse:
    """Ask for the order's second factor; a browser that gives it is led back to the ask."""
    order, typed = shipment.order, request.POST.get("proof", "")
    if request.method != "POST" or not typed:
        return page(request, shipment, kind, "proof", provable=provable(order))
    try:
        if too_many(request, order.number):
            response = page(request, shipment, kind, "proof", provable=True, trouble="too_many", status=429)
            response["Retry-After"] = str(WINDOW_SECONDS)
            return response
        if not proves(order, typed[:254]):
            note_failure(request, order.number)
            return page(request, shipment, kind, "proof", provable=True, trouble="wrong")
    except RedisError as trouble:
        log.error("the second factor is not asked: the counters of failed tries cannot be read", error=str(trouble))
        return page(request, shipment, kind, "proof", provable=True, trouble="resting", status=503)
    return remember(redirect(request.path), order)


def about_it(request: HttpRequest, shipment: Shipment, asked: Ask | None) -> About:
    """Collect what a form needs to know."""
    reader = reader_of_order(request, shipment.order)
    proof = last_proof(shipment) if delivered_by(shipment) else None
    if proof and not reader.zone_chosen and (there := zone_for(proof.event.zone)):
        reader = replace(reader, zone=there)
    return About(shipment, asked, proof, reader, timezone.now())


def last_proof(shipment: Shipment) -> Proof | None:
    """Return what the carrier told of the delivery."""
    told = {"leg_position": F("leg__position"), "teller": F("payload__carrier")}
    return proof_of(in_order(shipment.events.annotate(**told).order_by("leg", "sequence")))  # type: ignore[type-var]


def take(form: AnswerForm, shipment: Shipment, kind: AskKind) -> HttpResponse:
    """Keep a valid answer, ring the parcel's bell and lead to the receipt. Sent twice, it is kept once."""
    asked, now = form.about.ask, form.about.now
    try:
        with transaction.atomic():
            asked = asked or buyer_tasks.open(shipment, kind, "", None, now, who=Actor.BUYER)
            give(asked, form.values(), form.checked, now)
            publish.ring_after_commit([shipment])
    except WrongState:
        log.info("an answer came twice", ask=asked.pk if asked else None)
    return redirect("ask", shipment.token, kind)


def receipt(request: HttpRequest, shipment: Shipment, asked: Ask) -> HttpResponse:
    """Show the receipt of the last answer and what became of it."""
    given = asked.answers.prefetch_related("papers").first()
    reader = reader_of_order(request, shipment.order)
    values = in_words(AskKind(asked.kind), given.values, reader) if given else []
    return page(request, shipment, AskKind(asked.kind), "receipt", ask=asked, answer=given, values=values)


def page(
    request: HttpRequest, shipment: Shipment, kind: AskKind, part: str, *, status: int = 200, **context: object
) -> HttpResponse:
    """Write one of the three faces of the page: proof, form or receipt."""
    shared = {
        "part": f"ask/_{part}.html",
        "kind": kind,
        "shipment": shipment,
        "order": shipment.order,
        "title": title_of(kind),
        "reader": reader_of_order(request, shipment.order),
    }
    return render(request, "ask/page.html", shared | context, status=status)
