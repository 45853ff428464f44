"""Buyer tasks in the admin: what was requested, what the buyer answered, and the papers of the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast
from urllib.parse import quote

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from tracking.admin.feed_health import format_datetime
from tracking.buyer_tasks import encrypted_store, transitions
from tracking.buyer_tasks.answer_values import describe_answer
from tracking.buyer_tasks.transitions import InvalidTransitionError
from tracking.live import publish
from tracking.models import BuyerTask, BuyerTaskAnswer, Paper
from tracking.models.buyer_tasks import (
    FINAL_STATES,
    WAITING_FOR_BUYER_STATES,
    WAITING_FOR_SHOP_STATES,
    Actor,
    BuyerTaskAction,
)
from tracking.models.texts import PaperKind, RejectionReason
from tracking.notifications.outbox import enqueue_notices
from tracking.notifications.triggers import trigger_for_repeated_request
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState

if TYPE_CHECKING:
    BuyerTaskModelAdmin = admin.ModelAdmin[BuyerTask]
else:
    BuyerTaskModelAdmin = admin.ModelAdmin

TRANSITIONS: Final = ("see", "accept", "refuse", "forward", "close")
DUE_SOON_WITHIN: Final = timedelta(days=1)
VIEW_PAPER_PERMISSION: Final = "tracking.view_paper"


class WaitingForFilter(admin.SimpleListFilter):
    """Filter buyer tasks by who has to act next. Without a choice: those that have not ended."""

    title = _("whose turn")
    parameter_name = "waiting_for"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("shop", _("ours")), ("buyer", _("the buyer's")), ("ended", _("ended")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        default, *others = super().choices(changelist)
        return [{**default, "display": _("open")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        states = {"shop": WAITING_FOR_SHOP_STATES, "buyer": WAITING_FOR_BUYER_STATES, "ended": FINAL_STATES}.get(
            self.value() or ""
        )
        if states:
            return queryset.filter(state__in=states)
        return queryset if self.value() == "all" else queryset.exclude(state__in=FINAL_STATES)


@admin.register(BuyerTask)
class BuyerTaskAdmin(BuyerTaskModelAdmin):
    """List buyer tasks, nearest deadline first. They are created on the parcel's page and decided here."""

    list_display = ("buyer_task", "state", "deadline", "round", "shop", "opened_at")
    list_filter = (WaitingForFilter, "kind", "shipment__order__shop")
    ordering = (F("deadline_at").asc(nulls_last=True), "pk")  # type: ignore[assignment]  # the stubs know names only
    search_fields = ("shipment__order__number_key", "answers__receipt_code")
    search_help_text = _("Order number, or the code of a receipt")
    show_full_result_count = False
    change_form_template = "admin/tracking/buyertask/change_form.html"
    fields = readonly_fields = (
        "parcel",
        "kind",
        "state",
        "round",
        "request_reason",
        "requested_papers",
        "deadline",
        "opened_at",
        "closed_at",
    )

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BuyerTask]:
        return super().get_queryset(request).select_related("shipment__order__shop")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BuyerTask | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        apply = self.admin_site.admin_view(require_POST(self.apply_transition))
        download = self.admin_site.admin_view(require_POST(self.download_paper))
        return [
            path("<int:pk>/paper/<int:paper_id>/", download, name="tracking_buyertask_paper"),
            path("<int:pk>/step/<slug:transition>/", apply, name="tracking_buyertask_transition"),
            *super().get_urls(),
        ]

    def apply_transition(self, request: HttpRequest, pk: int, transition: str) -> HttpResponse:
        """Open, accept, reject or forward an answer, or close the task; then update the buyer's open page."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if transition not in TRANSITIONS:
            raise Http404
        buyer_task = get_object_or_404(BuyerTask.objects.select_related("shipment__order"), pk=pk)
        user, reason = cast(User, request.user), reason_from_post(request)
        try:
            with transaction.atomic():
                message = TRANSITION_HANDLERS[transition](buyer_task, user, reason)
                publish.publish_after_commit([buyer_task.shipment])
            self.message_user(request, message)
        except InvalidTransitionError:
            warning = gettext("Somebody was quicker, or there is no answer: nothing was changed.")
            self.message_user(request, warning, messages.WARNING)
        except MissingReasonError:
            self.message_user(request, gettext("Say why: the buyer reads it and answers again."), messages.ERROR)
        return redirect("admin:tracking_buyertask_change", pk)

    def download_paper(self, request: HttpRequest, pk: int, paper_id: int) -> HttpResponse:
        """Send a paper as a download, never inline, and log who downloaded it."""
        if not (self.has_view_permission(request) and request.user.has_perm(VIEW_PAPER_PERMISSION)):
            raise PermissionDenied
        available = Paper.objects.available().select_related("answer__buyer_task")
        paper = get_object_or_404(available, pk=paper_id, answer__buyer_task=pk)
        try:
            content = encrypted_store.load_paper(paper.stored_name)
        except encrypted_store.UnreadablePaperError as error:
            raise Http404 from error
        detail = f"{paper.get_kind_display()} {paper.content_hash[:12]}"
        user = cast(User, request.user)
        buyer_task = paper.answer.buyer_task
        transitions.record_action(buyer_task, timezone.now(), BuyerTaskAction.DOWNLOADED, Actor.OPERATOR, user, detail)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(paper.name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        }
        return HttpResponse(content, content_type=paper.media_type, headers=headers)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        buyer_task = context.get("original")
        if isinstance(buyer_task, BuyerTask):
            can_decide = self.has_change_permission(request, buyer_task)
            context |= {
                "answers": answers_with_values(buyer_task, can_decide),
                "log_entries": buyer_task.log_entries.select_related("user"),
                "can_decide": can_decide,
                "can_download_papers": request.user.has_perm(VIEW_PAPER_PERMISSION),
                "rejection_reasons": RejectionReason.choices,
            }
        context |= {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("task"), ordering="kind")
    def buyer_task(self, buyer_task: BuyerTask) -> str:
        """Return the kind of the task and its parcel."""
        return str(buyer_task)

    @admin.display(description=_("parcel"))
    def parcel(self, buyer_task: BuyerTask) -> SafeString:
        """Return a link to the parcel's admin page."""
        url = reverse("admin:tracking_shipment_change", args=[buyer_task.shipment_id])
        return format_html('<a href="{}">{}</a>', url, buyer_task.shipment)

    @admin.display(description=_("reason"))
    def request_reason(self, buyer_task: BuyerTask) -> str:
        """Return why the answer is requested."""
        return buyer_task.localized_reason

    @admin.display(description=_("papers wanted"))
    def requested_papers(self, buyer_task: BuyerTask) -> str:
        """Return the names of the requested papers."""
        return ", ".join(str(PaperKind(name).label) for name in buyer_task.requested_papers)

    @admin.display(description=_("shop"), ordering="shipment__order__shop")
    def shop(self, buyer_task: BuyerTask) -> str:
        """Return the shop that the order belongs to."""
        return str(buyer_task.shipment.order.shop)

    @admin.display(description=_("deadline"), ordering="deadline_at")
    def deadline(self, buyer_task: BuyerTask) -> str | SafeString:
        """Return the deadline, with a badge if it is near or has passed."""
        if buyer_task.deadline_at is None:
            return "-"
        deadline, badge = format_datetime(buyer_task.deadline_at), deadline_badge(buyer_task)
        return format_html('{} <span class="badge {}">{}</span>', deadline, *badge) if badge else deadline


def reason_from_post(request: HttpRequest) -> str:
    """Return the chosen reason and the typed one, one per line."""
    chosen, typed = request.POST.get("rejection_reason", ""), request.POST.get("reason", "").strip()
    return "\n".join(filter(None, [chosen if chosen in RejectionReason.values else "", typed]))


class MissingReasonError(Exception):
    """An answer was rejected without a reason."""


def open_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Mark the answer as seen, which reveals its values. Raise `InvalidTransitionError` if there is none."""
    if buyer_task.is_being_checked or not buyer_task.answers.exists():
        raise InvalidTransitionError("no answer")
    transitions.mark_seen(buyer_task, user, timezone.now())
    return gettext("The buyer sees that the answer was opened.")


def accept_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Accept the answer, or what the buyer requested; a request gets the reason as the reply of the shop."""
    if buyer_task.is_request_of_buyer:
        transitions.settle_request(buyer_task, BuyerTaskState.ACCEPTED, user, reason, timezone.now())
    else:
        transitions.accept_answer(buyer_task, user, timezone.now())
    return gettext("Accepted. The buyer sees it on the parcel's page.")


def reject_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Reject the answer, request it again, and notify whoever follows the order; or decline the buyer's request."""
    if not reason:
        raise MissingReasonError
    now = timezone.now()
    if buyer_task.is_request_of_buyer:
        transitions.settle_request(buyer_task, BuyerTaskState.DECLINED, user, reason, now)
        return gettext("Declined. The buyer reads your reason.")
    transitions.reject_answer(buyer_task, user, reason, now)
    enqueue_notices([trigger_for_repeated_request(buyer_task)], now)
    return gettext("Refused and asked again. The buyer reads your reason.")


def forward_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Send the answer to the carrier's API, or record that it was forwarded by hand if there is no API."""
    answer = buyer_task.answers.first()
    if answer is None:
        raise InvalidTransitionError("no answer")
    if transitions.retry_forwarding(answer, user, timezone.now()):
        return gettext("It is sent to the carrier within a minute.")
    transitions.mark_forwarded(answer, timezone.now(), reason or "by hand", Actor.OPERATOR, user)
    return gettext("Noted as passed on. The buyer sees it on the parcel's page.")


def close_buyer_task(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Close the task; no answer is needed any more."""
    transitions.close_buyer_task(buyer_task, timezone.now(), reason, Actor.OPERATOR, user)
    return gettext("Ended. The buyer is no longer asked.")


TRANSITION_HANDLERS: Final[dict[str, Callable[[BuyerTask, User, str], str]]] = {
    "see": open_answer,
    "accept": accept_answer,
    "refuse": reject_answer,
    "forward": forward_answer,
    "close": close_buyer_task,
}


def deadline_badge(buyer_task: BuyerTask) -> tuple[str, str] | None:
    """Return CSS class and text of a deadline's badge; None if it is far off or the task has ended."""
    if buyer_task.is_final or buyer_task.deadline_at is None:
        return None
    remaining = buyer_task.deadline_at - timezone.now()
    if remaining < timedelta():
        return "late", gettext("overdue")
    return ("soon", gettext("soon")) if remaining < DUE_SOON_WITHIN else None


def answers_with_values(
    buyer_task: BuyerTask, can_decide: bool
) -> list[tuple[BuyerTaskAnswer, list[tuple[str, str]] | None]]:
    """Return the answers, newest first, with their labelled values.

    The values are None if the operator may not decide, or while nobody has opened the answer of the current round.
    """
    kind = BuyerTaskKind(buyer_task.kind)
    is_unopened = buyer_task.state in (BuyerTaskState.CHECKING, BuyerTaskState.SUBMITTED)
    unopened_round = buyer_task.round if is_unopened else None
    return [
        (answer, describe_answer(kind, answer.values) if can_decide and answer.round != unopened_round else None)
        for answer in buyer_task.answers.select_related("decided_by").prefetch_related("papers")
    ]
