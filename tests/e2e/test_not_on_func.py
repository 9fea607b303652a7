"""What is said about the scenarios that func is spared."""

import re

import pytest

from tests.scenarios.not_on_func import NOT_ON_FUNC
from tests.scenarios.process import ROOT


@pytest.mark.parametrize("name", NOT_ON_FUNC)
def test_a_scenario_that_func_is_spared_exists(name: str) -> None:
    """An entry whose test has gone, or has another name, would spare nothing and say so for ever."""
    module, _, test = name.partition("::")

    text = (ROOT / "tests" / "scenarios" / module).read_text()

    assert re.search(rf"^def {re.escape(test.partition('[')[0])}\(", text, re.MULTILINE)
