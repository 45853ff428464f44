"""Create a tracker in karrio; print its path in karrio's API and a token that may read it, as one line of JSON.

It runs outside this project's environment, like `karrio_poller.py`, with the environment of the server.
"""

import json
import os
import sys

# Karrio prints to stdout, which carries our answer.
REAL_STDOUT, sys.stdout = sys.stdout, sys.stderr

import django

django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from karrio.server.core.utils import create_carrier_snapshot
from karrio.server.manager.models import Tracking
from karrio.server.providers.models import CarrierConnection
from karrio.server.user.models import Token

call_command("migrate", verbosity=0)
user = get_user_model().objects.create_user(email="nobody@example.com", password="unused")
carrier = CarrierConnection.objects.create(
    carrier_code="dhl_universal",
    carrier_id="dhl",
    credentials={"consumer_key": "none", "consumer_secret": "none"},
    active=True,
    test_mode=False,
    created_by=user,
    capabilities=["tracking"],
)
events = [
    {
        "date": f"2026-09-{1 + index // 3:02d}",
        "time": f"{8 + index % 3:02d}:00",
        "code": "transit",
        "description": f"Processed at hall {index}",
        "location": "SHENZHEN, CN",
    }
    for index in range(int(os.environ["EVENT_COUNT"]))
]
tracker = Tracking.objects.create(
    tracking_number="1000000001", carrier=create_carrier_snapshot(carrier), delivered=False, status="in_transit",
    events=events, test_mode=False, created_by=user,
)  # fmt: skip
token = Token.objects.create(user=user, label="bench", test_mode=False)
print(json.dumps({"path": f"/v1/trackers/{tracker.pk}", "token": token.key}), file=REAL_STDOUT)
