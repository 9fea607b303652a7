"""The list of the scenarios that func is spared."""

import re

import pytest

from tests.scenarios.not_on_func import NOT_ON_FUNC, Spared
from tests.scenarios.process import ROOT


@pytest.mark.parametrize("spared", NOT_ON_FUNC, ids=lambda spared: spared.test)
def test_a_scenario_that_func_is_spared_exists(spared: Spared) -> None:
    """An entry whose test has gone, or has another name, would spare nothing and say so for ever."""
    text = (ROOT / "tests" / "scenarios" / f"{spared.module}.py").read_text()

    assert re.search(rf"^def {spared.test}\(", text, re.MULTILINE)
