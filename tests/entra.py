"""The local tenant, for tests of who somebody is: one for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.testing.running_entra import RunningEntra, running_entra
from services import signing_keys


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEntra]:
    """The tenant, which is given a minute to answer: on a busy machine its keys may take longer than Entra's."""
    with (
        pytest.MonkeyPatch.context() as patch,
        running_entra(tmp_path_factory.mktemp("entra")) as running,
    ):
        patch.setattr(signing_keys, "DEADLINE_SECONDS", 60.0)
        yield running
