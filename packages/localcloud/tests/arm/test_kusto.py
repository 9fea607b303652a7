"""Queries: what each operator and function makes of rows, and what is refused and where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.arm.kusto.complaints import QueryError
from localcloud.arm.kusto.operators import Query, read

TABLES = {"resources": ("id", "type", "tags", "properties", "number")}
ROWS: list[dict[str, Any]] = [
    {"id": "/a/Web", "type": "t/vm", "number": 3, "properties": {"image": {"id": "/i/one"}}},
    {"id": "/a/web2", "type": "t/set", "number": 1, "properties": {"images": [{"id": "/i/one"}]}},
    {"id": "/a/db", "type": "t/vm", "number": None, "properties": {"images": []}},
]


def ids(query: str) -> list[str]:
    """The ids that a query finds."""
    return [row["id"] for row in read(query, TABLES).run(ROWS)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("type == 't/vm'", ["/a/Web", "/a/db"]),
        ("type == 'T/VM'", []),
        ("type =~ 'T/VM'", ["/a/Web", "/a/db"]),
        ("type != 't/vm'", ["/a/web2"]),
        ("type !~ 'T/VM'", ["/a/web2"]),
        ("type in ('t/vm', 'T/SET')", ["/a/Web", "/a/db"]),
        ("type in~ ('t/vm', 'T/SET')", ["/a/Web", "/a/web2", "/a/db"]),
        ("type !in~ ('T/VM')", ["/a/web2"]),
        ("id has 'web'", ["/a/Web"]),
        ("id !has 'web'", ["/a/web2", "/a/db"]),
        ("id contains 'WEB'", ["/a/Web", "/a/web2"]),
        ("id startswith '/A/d'", ["/a/db"]),
        ("id endswith 'WEB2'", ["/a/web2"]),
        ("properties.image.id == '/i/one'", ["/a/Web"]),
        ("properties.image['id'] == '/i/one'", ["/a/Web"]),
        ("properties.Image.id == '/i/one'", []),
        ("properties.images[0].id == '/i/one'", ["/a/web2"]),
        ("tolower(tostring(properties)) contains '/i/one'", ["/a/Web", "/a/web2"]),
        ("number >= 1 and number < 3", ["/a/web2"]),
        ("number > 1 or type == 't/set'", ["/a/Web", "/a/web2"]),
        ("not(number > 1)", ["/a/web2", "/a/db"]),
        ("isnull(number)", ["/a/db"]),
        ("isnotempty(properties.image.id)", ["/a/Web"]),
        ("array_length(properties.images) == 0", ["/a/db"]),
        ("(type == 't/vm' and number == 3) or id == '/a/db'", ["/a/Web", "/a/db"]),
    ],
)
def test_a_condition_finds_rows(condition: str, found: list[str]) -> None:
    """As Kusto does: case, terms, null, parts of dynamic values."""
    assert ids(f"resources | where {condition}") == found


def rows(query: str) -> list[dict[str, Any]]:
    """The rows that a query ends with."""
    return read(query, TABLES).run(ROWS)


def test_columns_are_added_chosen_and_named() -> None:
    """`extend` keeps the others, `project` names what has no name of its own."""
    query = (
        "resources | extend ref = tolower(coalesce(properties.image.id, properties.images[0].id))"
    )
    assert [row["ref"] for row in rows(query)] == ["/i/one", "/i/one", ""]
    found = rows("resources | project id, properties.image.id, toint('4'), big = strcat(type, '!')")
    assert found[0] == {
        "id": "/a/Web", "properties_image_id": "/i/one", "Column3": 4, "big": "t/vm!",
    }  # fmt: skip
    assert set(rows("resources | project-away properties, tags")[0]) == {"id", "type", "number"}


def test_lists_are_expanded() -> None:
    """A row for each element; none for an empty list, one for null, 128 unless a limit says more."""
    found = rows("resources | mv-expand image = properties.images | project id, image.id")
    assert [tuple(row.values()) for row in found] == [("/a/Web", None), ("/a/web2", "/i/one")]
    many = [{"id": "x", "properties": list(range(500))}]
    for text, length in (("", 128), (" limit 400", 400)):
        query = read(f"resources | mv-expand properties{text}", TABLES)
        assert len(query.run(many)) == length


def test_rows_are_ordered_counted_and_cut() -> None:
    """Descending unless said otherwise, null first when it ascends."""
    assert ids("resources | order by number") == ["/a/Web", "/a/web2", "/a/db"]
    assert ids("resources | sort by number asc, id asc") == ["/a/db", "/a/web2", "/a/Web"]
    assert ids("resources | sort by type asc, id desc") == ["/a/web2", "/a/db", "/a/Web"]
    assert ids("resources | top 1 by number") == ["/a/Web"]
    assert ids("resources | take 2") == ["/a/Web", "/a/web2"]
    assert rows("resources | where number > 0 | count") == [{"Count": 2}]


def test_rows_are_grouped() -> None:
    """By columns or not at all; a group of nothing is counted, too."""
    assert rows("resources | summarize count() by type") == [
        {"type": "t/vm", "count_": 2},
        {"type": "t/set", "count_": 1},
    ]
    assert rows("resources | where id == '' | summarize found = count()") == [{"found": 0}]
    assert rows("resources | summarize max(number), kinds = dcount(type)") == [
        {"max_number": 3, "kinds": 2}
    ]
    assert rows("resources | distinct type") == [{"type": "t/vm"}, {"type": "t/set"}]


def test_the_earliest_form_needs_no_table() -> None:
    """A query may begin with an operator."""
    assert ids("where type == 't/set'") == ["/a/web2"]


def test_a_query_runs_over_lines_with_comments() -> None:
    """Line ends and comments are space; a string keeps its escapes."""
    assert ids("Resources // all\n| where id == @'/a/db'\n// end") == ["/a/db"]
    assert ids("resources | where id == '/a\\/db'") == ["/a/db"]


@pytest.mark.parametrize(
    ("query", "code", "token"),
    [
        ("resources | join (resources) on id", "InvalidQueryLanguage", "join"),
        ("resources | parse id with *", "InvalidQueryLanguage", "parse"),
        ("resources | where extract('x', 0, id) == 'x'", "InvalidQueryLanguage", "extract"),
        ("resources | summarize percentile(number)", "InvalidQueryLanguage", "percentile"),
        ("nowhere | take 1", "InvalidQueryLanguage", "nowhere"),
        ("resources | where", "ParserFailure", "<EOF>"),
        ("resources | where id = 'x'", "ParserFailure", "="),
        ("resources | where id == 'x' 'y'", "ParserFailure", "y"),
        ("resources where id == 'x'", "ParserFailure", "where"),
        ("resources | where id == 'x", "ParserFailure", "'"),
        ("resources | take many", "ParserFailure", "many"),
        ("resources | where tolower(id, type) == 'x'", "ParserFailure", "tolower"),
        ("resources | mv-expand properties limit 2001", "ParserFailure", "<EOF>"),
        ("resources | where invented == 1", "InvalidQuery", "invented"),
        ("resources | project id | where type == 'x'", "InvalidQuery", "type"),
        ("resources | project-away invented", "InvalidQuery", "invented"),
    ],
)
def test_what_is_not_understood_is_refused(query: str, code: str, token: str) -> None:
    """Nothing is passed over: the refusal names the word at which reading ended."""
    with pytest.raises(QueryError) as refused:
        read(query, TABLES)
    assert (refused.value.code, refused.value.token) == (code, token)


def test_a_refusal_says_where() -> None:
    """Lines from 1, characters of the line from 0."""
    with pytest.raises(QueryError) as refused:
        read("resources\n| where id = 'x'", TABLES)
    assert refused.value.as_detail() == {
        "code": "ParserFailure",
        "message": "ParserFailure",
        "line": 2,
        "characterPositionInLine": 11,
        "token": "=",
    }


def understood(query: str) -> Query | QueryError:
    """The query, or why it is none: nothing else may come of a text."""
    try:
        return read(query, TABLES)
    except QueryError as error:
        return error


_VALUES = st.sampled_from(
    ("id", "type", "number", "properties.image.id", "properties.images[0]", "'/i/one'", "3", "null")
)
_CALLS = st.sampled_from(
    ("tolower({})", "tostring({})", "toint({})", "not({})", "coalesce({}, id)", "split({}, '/')")
)
_SCALARS = st.builds(lambda call, value: call.format(value), _CALLS, _VALUES) | _VALUES
_SIGNS = st.sampled_from(("==", "!=", "=~", "<", ">=", "has", "contains", "!has", "startswith"))
_TESTS = st.builds(lambda left, sign, right: f"{left} {sign} {right}", _SCALARS, _SIGNS, _SCALARS)
_CONDITIONS = _TESTS | st.builds(lambda a, b: f"({a} or not({b}))", _TESTS, _TESTS)
_STEPS = st.one_of(
    st.builds("where {}".format, _CONDITIONS),
    st.builds("extend x = {}, number = {}".format, _SCALARS, _CONDITIONS),
    st.builds("order by {} asc, {} desc".format, _SCALARS, _SCALARS),
    st.builds("mv-expand x = {} limit 3".format, _SCALARS),
    st.builds(
        "summarize count(), max({}), sum(number), make_set(id) by {}".format, _SCALARS, _SCALARS
    ),
    st.builds("project id, type, number, properties, tags, {}".format, _SCALARS),
    st.sampled_from(
        ("distinct id, type", "take 2", "top 1 by number", "project-away tags", "count")
    ),
)


@given(st.lists(_STEPS, max_size=4))
def test_what_is_understood_runs(steps: list[str]) -> None:
    """Whatever the values are; its rows have the columns that it promises."""
    query = understood(" | ".join(["resources", *steps]))
    # A step may have taken away what a later one names.
    if isinstance(query, QueryError):
        assert query.code == "InvalidQuery"
    else:
        for row in query.run([row | {"tags": None} for row in ROWS]):
            assert set(row) == set(query.columns)


@given(
    st.lists(
        st.sampled_from(
            [
                "resources|where",
                "id",
                "==",
                "(",
                "'a'",
                ")",
                "[0]",
                ".",
                ",",
                "in~",
                "by",
                "7",
                "tolower",
            ]
        )
        | st.text()
    )
)
def test_any_text_is_understood_or_refused(words: list[str]) -> None:
    """The reader never stumbles, and a refusal names the word that it is about."""
    refused = understood(" ".join(["resources | where id", *words]))
    assert isinstance(refused, Query) or refused.as_detail()["token"]
