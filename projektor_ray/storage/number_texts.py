"""Numbers as persons write them: in options, in fields of the page, in the query of a request."""

import math
import re

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def plain_number(text: str) -> float | None:
    """The finite number that a text is, such as `1000`, `0.5` or `1e4`; None where it is none.

    Python's own `float` reads `1_5` as 15, which may be a slip for 1.5, and digits of all scripts.
    """
    value = float(text) if PLAIN.fullmatch(text.strip()) else math.inf
    return value if math.isfinite(value) else None
