"""Request limits: headers count down, empty buckets answer 429 in Compute's form."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from localcloud.arm.state.profile import Profile
from packages.localcloud.tests.arm.driving import Driver, driven, error

REMAINING = "x-ms-ratelimit-remaining-resource"


def test_headers_count_down_from_the_recorded_sizes(arm: Driver) -> None:
    """Galleries by windows of 3 and 30 minutes, managed images by one bucket."""
    arm.cloud.throttle.clear()
    arm.image()
    counts = [arm.call("GET", "images/web").headers[REMAINING] for _ in range(2)]
    assert counts == [f"Microsoft.Compute/GetImagesSubscriptionMaximum;{n}" for n in (359, 358)]
    made = arm.put("galleries/g", {"location": "eastus2"})
    policy = "Microsoft.Compute/CreateUpdateGallery"
    assert made.headers[REMAINING] == f"{policy}3Min;49,{policy}30Min;299"


def test_nothing_is_throttled_unless_asked_for(arm: Driver) -> None:
    """Without throttling an empty bucket still answers, with nought remaining."""
    arm.image()
    answers = [arm.call("GET", "images") for _ in range(95)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[-1].headers[REMAINING].endswith(";0")


@pytest.mark.parametrize("form", ["seconds", "date", None])
def test_an_empty_bucket_answers_429(state_folder: Path, form: str | None) -> None:
    """OperationNotAllowed with the window as JSON in a string; Retry-After in every form."""
    profile = Profile(throttling=True, bucket_scale=0.02, retry_after=form)
    with driven(state_folder, profile) as arm:
        arm.image()
        refused = next(a for a in (arm.call("GET", "galleries/g") for _ in range(99)) if _is_429(a))
        assert error(refused) == (429, "OperationNotAllowed")
        detail = refused.json()["error"]["details"][0]
        assert (detail["code"], detail["target"]) == ("TooManyRequests", "GetGallery3Min")
        window = json.loads(detail["message"])
        assert (window["allowedRequestCount"], window["measuredRequestCount"]) == (7, 8)
        wait = _wait(arm, refused.headers.get("Retry-After"))
        assert wait is None if form is None else 0 < (wait or 0) <= 180
        arm.pass_time(minutes=3)
        assert arm.call("GET", "galleries/g").status_code == 404


def _is_429(answer: object) -> bool:
    return getattr(answer, "status_code", 0) == 429


def _wait(arm: Driver, header: str | None) -> float | None:
    if header is None or header.isdigit():
        return None if header is None else float(header)
    return (parsedate_to_datetime(header) - arm.time.now()).total_seconds()


def test_each_image_operation_has_a_bucket_of_its_own(arm: Driver) -> None:
    """Reading one operation does not use up another's."""
    arm.image()
    urls = [
        arm.call("PATCH", "images/web", {"tags": {"n": str(n)}}).headers["Azure-AsyncOperation"]
        for n in range(2)
    ]
    counts = [arm.call("GET", url).headers[REMAINING].split(",")[0] for url in (*urls, urls[0])]
    assert [count.rpartition(";")[2] for count in counts] == ["59", "59", "58"]
