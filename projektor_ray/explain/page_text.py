"""How the report and the page of the service write a sentence as HTML."""

import re

from markupsafe import Markup, escape


def sentence(text: str) -> Markup:
    """A text with a capital at its beginning and a full stop at its end; `settings` as code."""
    whole = text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(whole))))
