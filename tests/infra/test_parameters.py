"""The parameters: the table in the documents, the file that azd fills in, and the template agree."""

from __future__ import annotations

import json
import re

from tests.infra.compiling import INFRA, ROOT, Json

_ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|", re.MULTILINE)


def table() -> dict[str, tuple[str, str]]:
    """The default and the azd variable of each parameter, as docs/deployment.md has them."""
    text = (ROOT / "docs" / "deployment.md").read_text()
    section = text.partition("## Parameters")[2].partition("\n## ")[0]
    return {
        name: (default.strip(), variable.strip())
        for name, default, variable in _ROW.findall(section)
    }


def shown(parameter: Json) -> str:
    """A default as the table writes it."""
    if "defaultValue" not in parameter:
        return "required"
    value = parameter["defaultValue"]
    if value in ("", [], {}):
        return "empty"
    if isinstance(value, list):
        return ", ".join(f"`{part}`" for part in value)
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`"


def test_the_table_has_every_parameter_with_its_default(main: Json) -> None:
    """And none that is not there."""
    assert {name: shown(of) for name, of in main["parameters"].items()} == {
        name: default for name, (default, _) in table().items()
    }


def test_every_parameter_says_what_it_is(main: Json) -> None:
    """In the template too."""
    assert all(parameter["metadata"]["description"] for parameter in main["parameters"].values())


def test_azd_gives_only_parameters_that_there_are(main: Json) -> None:
    """With the variables that the table names, and the defaults of the template."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert given.keys() <= main["parameters"].keys()
    for name, of in given.items():
        value, (_, variable) = of["value"], table()[name]
        match = re.fullmatch(r"\$\{(\w+)(?:=(.*))?\}", value) if isinstance(value, str) else None
        assert variable == (f"`{match[1]}`" if match else "")
        default = main["parameters"][name].get("defaultValue")
        if match and match[2] is not None:
            assert match[2] == (json.dumps(default) if isinstance(default, bool) else default)
        elif not match:
            assert value == default
