"""Karrio's WSGI application on a machine without the internet; it runs outside this project's environment.

Its document generator fetches a stylesheet while it is imported; tracker answers do not use it.
"""

import weasyprint

fetch_stylesheet = weasyprint.CSS
weasyprint.CSS = lambda *_args, **_options: fetch_stylesheet(string="")

from karrio.server.wsgi import application  # noqa: F401
