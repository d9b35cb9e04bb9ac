"""What Prometheus is told."""

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient


def samples(client: TestClient) -> dict[tuple[str, str, str], float]:
    """Requests by route, method and status."""
    text = client.get("/metrics").text
    return {
        (one.labels["route"], one.labels["method"], one.labels["status"]): one.value
        for family in text_string_to_metric_families(text)
        if family.name == "projektor_requests"
        for one in family.samples
        if one.name.endswith("_total")
    }


def test_requests_are_counted_by_route_and_status(client: TestClient) -> None:
    before = samples(client)
    client.get("/v1/studies/test")
    client.get("/v1/studies/nothing")
    after = samples(client)
    for status in ("200", "404"):
        of = ("/v1/studies/{name}", "GET", status)
        assert after[of] == before.get(of, 0) + 1


def test_requests_cannot_add_names_without_end(client: TestClient) -> None:
    client.get("/any-path")
    before = samples(client)
    for i in range(20):
        client.get(f"/any-path-{i}")
        client.request(f"VERB{i}", "/any-path")
    after = samples(client)
    assert len(after) <= len(before) + 3
    assert after["other", "GET", "404"] == before["other", "GET", "404"] + 20
