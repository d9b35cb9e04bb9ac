"""Requests that a service must refuse: too large, of wrong types, NaN, path-like, deep."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

JSON = {"Content-Type": "application/json"}
GOOD: dict[str, dict[str, Any]] = {
    "predict": {"mixtures": [{"ada": 1.0}], "size": 80},
    "project": {"mixture": {"ada": 1.0}, "sizes": [80]},
    "select": {"size": 80, "budget": 100.0},
    "frontier": {"budgets": [50.0]},
    "compare": {"first": {"ada": 80}, "second": {"bob": 80}},
}
WRONG = ("eighty", "80", True, [], {}, [[80]], -1, 1e400, float("nan"), 10**400, "\x00")
"""Values that no number may have; most texts are no texts either."""
PATHS = (
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2fstudy.parquet",
    "/etc/passwd",
    "C:\\windows\\win.ini",
    "file:///etc/passwd",
    "s3://bucket/key",
    "test%00.parquet",
    "a" * 5000,
    "study",
    "probes/part-0",
    "{{7*7}}",
    "%ff%fe",
    "'; DROP TABLE studies; --",
)


@dataclass(frozen=True)
class Hostile:
    """A request, and what is wrong with it."""

    kind: str
    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def hostile_requests(study: str) -> list[Hostile]:
    """More than 200 requests to a service that has a study of this name."""
    base = f"/v1/studies/{study}"
    return [
        *(Hostile("wrong type", "POST", f"{base}/{end}", body, JSON) for end, body in _wrong()),
        *(Hostile("no JSON", "POST", f"{base}/{end}", body, JSON) for end, body in _broken()),
        *_paths(base),
        *_others(base),
        *_near_misses(base),
    ]


def _wrong() -> list[tuple[str, bytes]]:
    """Each field of each good request with each wrong value, and unknown fields."""
    found = []
    for endpoint, good in GOOD.items():
        for name, value in itertools.product(good, WRONG):
            found.append((endpoint, {**good, name: value}))
        found.append((endpoint, {**good, "unknown": 1}))
        if endpoint != "select":  # all of whose fields may be absent
            found.append((endpoint, dict.fromkeys(good)))
    found += [
        ("select", {"providers": {"ada": value}}) for value in ("x", 1, [], True, {"price": "1"})
    ]
    found += [
        ("select", {"providers": {"ada": {name: value}}})
        for name in ("price", "capacity", "minimum_order", "required", "tiers")
        for value in ("x", -1, float("inf"), [[]], {"a": 1})
    ]
    found += [
        ("predict", {"mixtures": [{"ada": share}], "size": 80})
        for share in (float("nan"), -0.5, 1.5, "1", None, [1.0])
    ]
    found += [
        ("predict", {"mixtures": [{"ada": 1.0}] * 1001, "size": 80}),
        ("project", {"mixture": {"ada": 1.0}, "sizes": [80] * 201}),
        ("frontier", {"budgets": [1.0] * 51}),
        ("select", {"size": 80, "target": 0.9}),
        ("select", {"providers": {"a" * 100_000: {}}}),
        ("compare", {"first": {"ada": 10**16}, "second": {"bob": 1}}),
    ]
    return [(endpoint, json.dumps(body).encode()) for endpoint, body in found]


def _broken() -> list[tuple[str, bytes]]:
    bodies = [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"80",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"size": ' + b"9" * 10_000 + b"}",
        b'{"size": 80, "size": "x"}',
        b'{"size": 80, "size": 90}',
        b'{"size": 80, "providers": {"ada": {"price": 1, "price": 2}}}',
        b'{"size": ' + b"9" * 5_000 + b"}",
        b'{"size": 1e5000}',
        b'{"si\\u0000ze": 80}',
        b"<xml/>",
        b"{'size': 80}",
        b" " * 2_000_000,
        json.dumps({"providers": {str(i): {} for i in range(2000)}}).encode(),
    ]
    return [(endpoint, body) for endpoint in ("predict", "select") for body in bodies]


def _paths(base: str) -> list[Hostile]:
    places = ("/v1/studies/{}", f"{base}/tables/{{}}", "/{}", "/static/{}")
    wanted = [(place, path) for place in places for path in PATHS]
    found = [
        Hostile("path", "GET", place.format(path.replace(" ", "%20"))) for place, path in wanted
    ]
    good = json.dumps(GOOD["select"]).encode()
    return [
        *found,
        *(Hostile("path", "POST", f"{base}/export/{path}", good, JSON) for path in PATHS),
        *(Hostile("path", "POST", f"/v1/studies/{path}/select", good, JSON) for path in PATHS),
    ]


def _near_misses(base: str) -> list[Hostile]:
    """Requests that are nearly good: of new providers, purchases, files, forms and addresses."""
    good = json.dumps(GOOD["select"]).encode()
    offers = (
        *("", "?name=", "?name=a&name=b", "?name=a&price=1e999", "?name=a&price=0x10"),
        *("?name=a&capacity=" + "9" * 20, "?name=a&capacity=1.5", "?name=a&unknown=1"),
        *("?name=a&size=9e9", "?name=a&size=80&size=90", "?name=a&budget=nan", "?name=a&size=0"),
        *("?name=" + "x" * 10_000, "?name=a&target=0.9", "?name=a&minimum_order=-1"),
    )
    purchases: tuple[Any, ...] = (
        *({"ada": 0}, {"ada": 1.5}, {"ada": 3}, {"": 80}, {"adda": 80}, [80], {"__proto__": 80}),
        *({}, {"ada": None}, {"ada": {"ada": 80}}),
    )
    files = (
        *("purchase-order", "purchase-order.csv/", "purchase-order.csv%00", "PLANS.CSV"),
        *("plans.csv;rm", "huggingface.json", "%E2%80%AEplans.csv", "plans.csv%2f.."),
    )
    forms = ("text/html", "application/json;q=0", "*/*;q=0", "application/json;q=x", "\x7f", ",,,")
    addresses = (
        *(f"{base}/tables/runs%20", f"{base}/tables/%72uns/..", f"{base}/tables/lease"),
        *(f"{base}/tables/runs?limit=1e3", f"{base}/tables/runs?offset=0&offset=1"),
        *(f"{base}/", f"{base}//tables/runs", "/v1//studies", "/static/page.css%00", "/parts/x"),
        *("/v1/studies/..;/x", "/v1/studies/%E0%A4%A", "/?study=%2e%2e%2f", "/parts/providers"),
    )
    return [
        *(Hostile("offer", "POST", f"{base}/providers{query}", b"x,label\n") for query in offers),
        *(
            Hostile("purchase", "POST", f"{base}/compare", json.dumps(both).encode(), JSON)
            for one in purchases
            for both in ({"first": one, "second": {"ada": 80}}, {"first": {"ada": 80}, "x": one})
        ),
        *(Hostile("file", "POST", f"{base}/export/{name}", good, JSON) for name in files),
        *(
            Hostile("form", "GET", f"{base}/tables/runs", headers={"Accept": form})
            for form in forms
        ),
        *(Hostile("address", "GET", one) for one in addresses),
        Hostile("method", "GET", f"{base}/export/plans.csv"),
        Hostile("method", "GET", f"{base}/providers?name=a"),
        Hostile("method", "POST", f"{base}/profiles", b"x"),
        Hostile("method", "POST", "/parts/answer", b"x"),
        Hostile("method", "X" * 200, base),
    ]


def _others(base: str) -> list[Hostile]:
    good = json.dumps(GOOD["select"]).encode()
    return [
        Hostile("method", "PUT", f"{base}/select", good, JSON),
        Hostile("method", "DELETE", base),
        Hostile("method", "GET", f"{base}/select"),
        Hostile("method", "POST", "/v1/studies", good, JSON),
        Hostile("content type", "POST", f"{base}/select", good, {"Content-Type": "text/plain"}),
        Hostile("content type", "POST", f"{base}/select", good, {"Content-Type": "text/xml"}),
        Hostile("host", "GET", base, headers={"Host": "evil.example"}),
        Hostile("host", "GET", base, headers={"Host": "127.0.0.1.evil.example"}),
        *(
            Hostile("origin", method, f"{base}/{end}", good, {**JSON, "Sec-Fetch-Site": site})
            for site in ("cross-site", "same-site")
            for method, end in (("POST", "select"), ("GET", "profiles"), ("OPTIONS", "select"))
        ),
        *(Hostile("method", method, base) for method in ("OPTIONS", "TRACE", "PROPFIND")),
        Hostile("query", "GET", f"{base}/tables/runs?limit=-1"),
        Hostile("query", "GET", f"{base}/tables/runs?limit=NaN"),
        Hostile("query", "GET", f"{base}/tables/runs?offset=" + "9" * 5000),
        Hostile("query", "GET", f"{base}/tables/runs", headers={"Accept": "text/html"}),
        Hostile("length", "POST", f"{base}/select", b"x" * 2_000_000, JSON),
    ]
