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
from tracking.buyer_tasks.answer_values import describe_answer
from tracking.buyer_tasks.available_requests import available_requests
from tracking.buyer_tasks.not_received import DeliveryProof, delivery_proof_of, delivery_time_of
from tracking.buyer_tasks.transitions import InvalidTransitionError
from tracking.buyer_tasks.transitions import submit_answer as give
from tracking.live import publish
from tracking.localization.reader import zone_for
from tracking.models import BuyerTask, Shipment
from tracking.models.buyer_tasks import Actor
from tracking.models.texts import buyer_task_title
from tracking.pages.buyer_task_forms import FORM_BY_KIND, AnswerForm, FormContext
from tracking.pages.identity_check import (
    can_check_identity,
    has_passed_identity_check,
    is_identity_match,
    trust_browser,
)
from tracking.pages.lockout import WINDOW_SECONDS, is_locked_out, record_failure
from tracking.pages.private import private_page
from tracking.pages.reader import activate_reader_for_order
from tracking.pages.uploads import keep_uploads_in_memory
from tracking.timeline import sort_scans
from tracking.vocabulary import BuyerTaskKind

log: Final = structlog.get_logger()


@keep_uploads_in_memory
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def answer_buyer_task(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Show what is asked, take the answer, and show its receipt; to nobody who has not given the order's proof."""
    shipment = get_object_or_404(Shipment.objects.select_related("order__shop"), token=token)
    asked, new = current_buyer_task(shipment, kind, timezone.now())
    if not has_passed_identity_check(request, shipment.order):
        return check_identity(request, shipment, BuyerTaskKind(kind))
    if "identity" in request.POST:
        return redirect(request.path)
    if not new and asked and not asked.is_waiting_for_buyer:
        return render_receipt(request, shipment, asked)
    about = form_context_for(request, shipment, None if new else asked)
    form = FORM_BY_KIND[BuyerTaskKind(kind)](request.POST or None, request.FILES or None, form_context=about)
    if request.method == "POST" and form.is_valid():
        return save_answer(form, shipment, BuyerTaskKind(kind))
    return render_page(
        request,
        shipment,
        BuyerTaskKind(kind),
        "form",
        form=form,
        ask=about.buyer_task,
        proof=about.delivery_proof,
        reader=about.reader,
    )


def current_buyer_task(shipment: Shipment, kind: str, now: datetime) -> tuple[BuyerTask | None, bool]:
    """Return the latest ask of a kind, and whether the buyer would begin a new one. Raise `Http404` for neither."""
    latest = shipment.buyer_tasks.filter(kind=kind).order_by("-pk").first()
    new = (latest is None or latest.is_final) and kind in available_requests(shipment, now)
    if kind not in FORM_BY_KIND or (latest is None and not new):
        raise Http404
    return latest, new


def check_identity(request: HttpRequest, shipment: Shipment, kind: BuyerTaskKind) -> HttpResponse:
    """Ask for the order's second factor; a browser that gives it is led back to the ask."""
    order, typed = shipment.order, request.POST.get("identity", "")
    if request.method != "POST" or not typed:
        return render_page(request, shipment, kind, "identity_check", provable=can_check_identity(order))
    try:
        if is_locked_out(request, order.number):
            response = render_page(
                request, shipment, kind, "identity_check", provable=True, trouble="too_many", status=429
            )
            response["Retry-After"] = str(WINDOW_SECONDS)
            return response
        if not is_identity_match(order, typed[:254]):
            record_failure(request, order.number)
            return render_page(request, shipment, kind, "identity_check", provable=True, trouble="wrong")
    except RedisError as trouble:
        log.error("the second factor is not asked: the counters of failed tries cannot be read", error=str(trouble))
        return render_page(request, shipment, kind, "identity_check", provable=True, trouble="resting", status=503)
    return trust_browser(redirect(request.path), order)


def form_context_for(request: HttpRequest, shipment: Shipment, buyer_task: BuyerTask | None) -> FormContext:
    """Collect what a form needs to know."""
    reader = activate_reader_for_order(request, shipment.order)
    proof = latest_delivery_proof(shipment) if delivery_time_of(shipment) else None
    if proof and not reader.zone_chosen and (there := zone_for(proof.event.zone)):
        reader = replace(reader, zone=there)
    return FormContext(shipment, buyer_task, proof, reader, timezone.now())


def latest_delivery_proof(shipment: Shipment) -> DeliveryProof | None:
    """Return what the carrier told of the delivery."""
    told = {"leg_position": F("leg__position"), "feed_id": F("payload__carrier")}
    return delivery_proof_of(sort_scans(shipment.events.annotate(**told).order_by("leg", "sequence")))  # type: ignore[type-var]


def save_answer(form: AnswerForm, shipment: Shipment, kind: BuyerTaskKind) -> HttpResponse:
    """Keep a valid answer, ring the parcel's bell and lead to the receipt. Sent twice, it is kept once."""
    asked, now = form.form_context.buyer_task, form.form_context.now
    try:
        with transaction.atomic():
            asked = asked or buyer_tasks.open(shipment, kind, "", None, now, actor=Actor.BUYER)
            give(asked, form.values(), form.checked_papers, now)
            publish.publish_after_commit([shipment])
    except InvalidTransitionError:
        log.info("an answer came twice", ask=asked.pk if asked else None)
    return redirect("buyer_task", shipment.token, kind)


def render_receipt(request: HttpRequest, shipment: Shipment, buyer_task: BuyerTask) -> HttpResponse:
    """Show the receipt of the last answer and what became of it."""
    given = buyer_task.answers.prefetch_related("papers").first()
    reader = activate_reader_for_order(request, shipment.order)
    values = describe_answer(BuyerTaskKind(buyer_task.kind), given.values, reader) if given else []
    return render_page(
        request, shipment, BuyerTaskKind(buyer_task.kind), "receipt", ask=buyer_task, answer=given, values=values
    )


def render_page(
    request: HttpRequest, shipment: Shipment, kind: BuyerTaskKind, part: str, *, status: int = 200, **context: object
) -> HttpResponse:
    """Write one of the three faces of the page: proof, form or receipt."""
    shared = {
        "part": f"buyer_task/_{part}.html",
        "kind": kind,
        "shipment": shipment,
        "order": shipment.order,
        "title": buyer_task_title(kind),
        "reader": activate_reader_for_order(request, shipment.order),
    }
    return render(request, "buyer_task/page.html", shared | context, status=status)
