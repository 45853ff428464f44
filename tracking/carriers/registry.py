"""All adapters by slug. Adding a carrier = one file and one line here."""

from __future__ import annotations

from typing import Final

from tracking.carriers.adapter import Adapter
from tracking.carriers.aftership import AfterShip
from tracking.carriers.seventeentrack import SeventeenTrack

ADAPTERS: Final[dict[str, Adapter]] = {adapter.slug: adapter for adapter in (SeventeenTrack(), AfterShip())}
