"""Messages for tests, in three scripts and both text directions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from tracking.notifications.channels.channel import Link, NotificationMessage

SITE: Final = "https://parcels.example.com"
PARCEL_JSON_LD: Final = {
    "@context": "https://schema.org",
    "@type": "ParcelDelivery",
    "deliveryAddress": {"@type": "PostalAddress", "addressCountry": "DE"},
    "trackingUrl": f"{SITE}/parcels/2kQx9/",
}
CALENDAR: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Landfall//EN\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\nUID:2kQx9\r\n"
    b"DTSTAMP:20260301T080000Z\r\nDTSTART;VALUE=DATE:20260304\r\nSUMMARY:Parcel\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
ENGLISH: Final = NotificationMessage(
    kind="out_for_delivery",
    language="en",
    direction="ltr",
    sender="Nordlicht Outdoor",
    subject="Out for delivery · order NL-2041",
    preheader="Between 10:00 and 13:00 today. Nothing to do, except to be there.",
    headline="Out for delivery",
    lines=("The courier has it on the round today.",),
    facts=(
        ("When", "Wed, Mar 4 8:12 AM"),
        ("Where", "Leipzig, Germany"),
        ("Expected", "today, 10:00 AM – 1:00 PM"),
        ("Order", "NL-2041"),
    ),
    action=Link("See where it is", f"{SITE}/orders/2kQx9/"),
    secondary_links=(
        Link("What we tell you, and when", f"{SITE}/notices/8fjE/"),
        Link("Stop these messages", f"{SITE}/stop/8fjE/"),
    ),
    footer=(
        "You get this because this address follows the order.",
        f"Check code 318-K7QX4M: type it at {SITE}/genuine/ to be sure that this message is ours. "
        "We never ask for money.",
    ),
    unsubscribe_url=f"{SITE}/stop/8fjE/",
    thread_key="parcel 2kQx9",
    idempotency_key="notice 318 7",
    json_ld=PARCEL_JSON_LD,
    urgency="high",
    ttl=timedelta(hours=8),
)
CHINESE: Final = replace(
    ENGLISH,
    language="zh-hans",
    sender="北光户外",
    subject="派送中 · 订单 NL-2041",
    preheader="今天上午 10:00 至下午 1:00。请留意家中有人。",
    headline="派送中",
    lines=("快递员今天将派送您的包裹。",),
    facts=(("时间", "3月4日周三 08:12"), ("地点", "德国莱比锡"), ("预计", "今天 10:00–13:00"), ("订单", "NL-2041")),
    action=Link("查看包裹位置", f"{SITE}/orders/2kQx9/"),
    secondary_links=(Link("通知内容与时间", f"{SITE}/notices/8fjE/"), Link("停止接收", f"{SITE}/stop/8fjE/")),
    footer=(
        "此地址关注了该订单，因此您收到本邮件。",
        f"验证码 318-K7QX4M：在 {SITE}/genuine/ 输入即可确认本消息出自我们。我们绝不索要钱款。",
    ),
)
ARABIC: Final = replace(
    ENGLISH,
    language="ar",
    direction="rtl",
    sender="Nordlicht Outdoor",
    subject="خرج للتسليم · الطلب NL-2041",
    preheader="اليوم بين 10:00 و13:00",
    headline="خرج للتسليم",
    lines=("الطرد مع المندوب في جولة اليوم.",),
    facts=(
        ("الوقت", "الأربعاء 4 مارس 8:12"),
        ("المكان", "Leipzig"),
        ("المتوقع", "اليوم 10:00–13:00"),
        ("الطلب", "NL-2041"),
    ),
    action=Link("أين طردي", f"{SITE}/orders/2kQx9/"),
    secondary_links=(Link("ما نخبرك به ومتى", f"{SITE}/notices/8fjE/"), Link("إيقاف الرسائل", f"{SITE}/stop/8fjE/")),
    footer=("تصلك هذه الرسالة لأن هذا العنوان يتابع الطلب.",),
)


def make_message(**fields: Any) -> NotificationMessage:
    """Return the English message with some fields replaced."""
    return replace(ENGLISH, **fields)
