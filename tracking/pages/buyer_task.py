"""The page of one buyer task: first the identity check, then the form, then the receipt and the state of the answer."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from tracking import buyer_tasks
from tracking.buyer_tasks.answer_values import describe_answer
from tracking.buyer_tasks.available_requests import available_requests
from tracking.buyer_tasks.not_received import DeliveryProof, delivery_proof_of, delivery_time_of
from tracking.buyer_tasks.shop_requests import RequestNotOfferedError, submit_request
from tracking.buyer_tasks.transitions import InvalidTransitionError, submit_answer
from tracking.live import publish
from tracking.localization.reader import zone_for
from tracking.models import BuyerTask, BuyerTaskAnswer, Paper, Shipment
from tracking.models.buyer_tasks import Actor, PaperCheckState
from tracking.models.texts import buyer_task_title
from tracking.pages.answer_form import AnswerForm, FormContext
from tracking.pages.buyer_task_forms import FORM_BY_KIND
from tracking.pages.identity_check import (
    can_check_identity,
    has_passed_identity_check,
    is_identity_match,
    trust_browser,
)
from tracking.pages.lockout import WINDOW_SECONDS, Attempt
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest, activate_reader_for_order
from tracking.pages.shop_help import shop_facts
from tracking.pages.uploads import keep_uploads_in_memory
from tracking.tasks import check_papers
from tracking.timeline import sort_scans
from tracking.vocabulary import BUYER_REQUEST_KINDS, BuyerTaskKind, BuyerTaskState

log: Final = structlog.get_logger()


@keep_uploads_in_memory
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def answer_buyer_task(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Show the form of a buyer task, save the answer and show its receipt, all only after the identity check."""
    # Taken before the rows are read: the live stream resends what was published since then.
    rendered_at_ms = int(time.time() * 1000)
    shipment = get_object_or_404(Shipment.objects.select_related("order__shop"), token=token)
    buyer_task = current_buyer_task(shipment, kind, timezone.now())
    if not has_passed_identity_check(request, shipment.order):
        return check_identity(request, shipment, BuyerTaskKind(kind))
    if "identity" in request.POST:
        return redirect(request.path)
    if buyer_task and not buyer_task.is_waiting_for_buyer:
        return render_receipt(request, shipment, buyer_task, rendered_at_ms)
    return handle_form(request, shipment, BuyerTaskKind(kind), buyer_task)


def current_buyer_task(shipment: Shipment, kind: str, now: datetime) -> BuyerTask | None:
    """Return the latest buyer task of a kind; None if the buyer can start a new one. Raise `Http404` for neither."""
    latest = shipment.buyer_tasks.filter(kind=kind).order_by("-pk").first()
    can_start_new = (latest is None or latest.is_final) and kind in available_requests(shipment, now)
    if kind not in FORM_BY_KIND or (latest is None and not can_start_new):
        raise Http404
    return None if can_start_new else latest


def check_identity(request: HttpRequest, shipment: Shipment, kind: BuyerTaskKind) -> HttpResponse:
    """Ask for the order's e-mail, phone or postcode; redirect back to the buyer task after a match."""
    order, typed = shipment.order, request.POST.get("identity", "")
    if request.method != "POST" or not typed:
        return render_page(request, shipment, kind, "identity_check", can_check_identity=can_check_identity(order))
    try:
        attempt = Attempt(request, [order.number], [order])
        attempt.count_as_failure()
        is_match = not attempt.is_refused() and is_identity_match(order, typed[:254])
        if is_match:
            attempt.take_back()
    except RedisError as error:
        # Without the counters guessing would be unlimited, so no check is made until they are back.
        log.error("identity check unavailable: cannot read the lockout counters", error=str(error))
        return render_identity_error(request, shipment, kind, "unavailable", status=503)
    if is_match:
        return trust_browser(redirect(request.path), order)
    if attempt.is_refused() or attempt.is_order_full():
        response = render_identity_error(request, shipment, kind, "too_many", status=429)
        response["Retry-After"] = str(WINDOW_SECONDS)
        return response
    return render_identity_error(request, shipment, kind, "wrong")


def render_identity_error(
    request: HttpRequest, shipment: Shipment, kind: BuyerTaskKind, error: str, *, status: int = 200
) -> HttpResponse:
    """Render the identity check with an error: too_many, wrong or unavailable."""
    return render_page(request, shipment, kind, "identity_check", can_check_identity=True, error=error, status=status)


def handle_form(
    request: HttpRequest, shipment: Shipment, kind: BuyerTaskKind, buyer_task: BuyerTask | None
) -> HttpResponse:
    """Save a valid answer, or show the form with its errors."""
    context = form_context_for(request, shipment, buyer_task)
    form = FORM_BY_KIND[kind](request.POST or None, request.FILES or None, form_context=context)
    if request.method == "POST" and form.is_valid():
        return save_answer(form, shipment, kind)
    return render_page(
        request,
        shipment,
        kind,
        "form",
        form=form,
        buyer_task=buyer_task,
        refused_papers=refused_papers(buyer_task),
        delivery_proof=context.delivery_proof,
        reader=context.reader,
    )


def refused_papers(buyer_task: BuyerTask | None) -> QuerySet[Paper]:
    """Return the papers of the last answer that their check refused, if the buyer has to send them again."""
    if buyer_task is None or buyer_task.state != BuyerTaskState.REJECTED:
        return Paper.objects.none()
    last_round = {"answer__buyer_task": buyer_task, "answer__round": buyer_task.round - 1}
    return Paper.objects.filter(check_state=PaperCheckState.REFUSED, **last_round)


def form_context_for(request: HttpRequest, shipment: Shipment, buyer_task: BuyerTask | None) -> FormContext:
    """Return the context of a form; a reader without a chosen zone gets the zone of the delivery."""
    reader = activate_reader_for_order(request, shipment.order)
    proof = latest_delivery_proof(shipment) if delivery_time_of(shipment) else None
    if proof and not reader.has_chosen_zone and (delivery_zone := zone_for(proof.event.zone)):
        reader = replace(reader, zone=delivery_zone)
    return FormContext(shipment, buyer_task, proof, reader, timezone.now())


def latest_delivery_proof(shipment: Shipment) -> DeliveryProof | None:
    """Return what the carrier reported about the delivery, or None."""
    events = shipment.events.annotate(leg_position=F("leg__position")).order_by("leg", "sequence")
    return delivery_proof_of(sort_scans(events))  # type: ignore[type-var]


def save_answer(form: AnswerForm, shipment: Shipment, kind: BuyerTaskKind) -> HttpResponse:
    """Store a valid answer, update open pages and redirect to the receipt; a form sent twice is stored once."""
    try:
        with transaction.atomic():
            answer = store_answer(form, shipment, kind)
            publish.publish_after_commit([shipment])
            if form.received_papers:
                transaction.on_commit(lambda: enqueue_check(answer.pk))
    except (InvalidTransitionError, RequestNotOfferedError) as error:
        log.info("answer of a form that was sent twice, or too late, ignored", shipment=shipment.pk, error=str(error))
    return redirect("buyer_task", shipment.token, kind)


def store_answer(form: AnswerForm, shipment: Shipment, kind: BuyerTaskKind) -> BuyerTaskAnswer:
    """Store a valid answer; raise `InvalidTransitionError` or `RequestNotOfferedError`."""
    context, values = form.form_context, form.values()
    if kind in BUYER_REQUEST_KINDS:
        return submit_request(shipment, kind, values, context.now)
    buyer_task = context.buyer_task or buyer_tasks.open_buyer_task(
        shipment, kind, "", None, context.now, actor=Actor.BUYER
    )
    return submit_answer(buyer_task, values, form.received_papers, context.now)


def enqueue_check(answer_id: int) -> None:
    """Enqueue the check of an answer's papers; if the broker cannot be reached, `check_waiting_papers` finds them."""
    try:
        check_papers.apply_async((answer_id,))
    except BrokerError as error:
        log.warning("papers stored but their check not enqueued; beat will", answer=answer_id, error=str(error))


def render_receipt(
    request: HttpRequest, shipment: Shipment, buyer_task: BuyerTask, rendered_at_ms: int
) -> HttpResponse:
    """Show the receipt of the last answer and the state of the buyer task; live while its papers are being checked."""
    answer = buyer_task.answers.prefetch_related("papers").first()
    reader = activate_reader_for_order(request, shipment.order)
    kind = BuyerTaskKind(buyer_task.kind)
    values = describe_answer(kind, answer.values, reader) if answer else []
    return render_page(
        request,
        shipment,
        kind,
        "receipt",
        buyer_task=buyer_task,
        answer=answer,
        values=values,
        live_token=shipment.token,
        rendered_at_ms=rendered_at_ms,
    )


def render_page(
    request: HttpRequest, shipment: Shipment, kind: BuyerTaskKind, part: str, *, status: int = 200, **context: object
) -> HttpResponse:
    """Render one part of the page: identity_check, form or receipt; an htmx request gets the part alone."""
    reader = activate_reader_for_order(request, shipment.order)
    shared = {
        "part": f"buyer_task/_{part}.html",
        "kind": kind,
        "shipment": shipment,
        "order": shipment.order,
        "title": buyer_task_title(kind),
        "paper_days": settings.PAPERS_DAYS,
        "reader": reader,
        "shop": shop_facts(shipment.order.shop, reader),
    }
    template = "buyer_task/_live_part.html" if cast(BuyerRequest, request).htmx else "buyer_task/page.html"
    return render(request, template, shared | context, status=status)
