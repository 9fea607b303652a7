"""Limits: what a migration of an earlier deployment goes by."""

from __future__ import annotations

from datetime import timedelta

from domain.migration.limits import Limits


def test_a_record_without_limits_has_those_that_are_documented() -> None:
    """Six hours of trying and of replicating, half an hour until an image is gone, a look a minute."""
    limits = Limits.model_validate({})
    assert limits.retry == timedelta(hours=6)
    assert limits.confirm == timedelta(minutes=30)
    assert limits.polling.timeout == timedelta(hours=6)
    assert limits.polling.interval == timedelta(minutes=1)
