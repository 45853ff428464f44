"""The settings of the site, with an empty view beside its pages."""

from tracking.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.page_urls"
