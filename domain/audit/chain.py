"""A chain of events: each row has a MAC over its content and the row before, with a key that is not in the records.

1. Rows are numbered from 1. A row's MAC covers chain, number, epoch, event, the id of the key, and the MAC of the row
   before; of what is personal it covers a keyed hash, so that this part alone can be erased later.
2. The first of the keys seals; a row is verified with the key that it names, so the others still verify.
3. Who has no key can neither make a row nor change, swap or leave out one. What they can do, cut the end off or put an
   older chain back, is what the anchor is for (`domain/audit/anchors.py`).
"""

import base64
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from domain.audit.events import Event, Kind
from domain.values import Json, Message

DEPLOYMENT = "deployment"
"""The chain of what concerns the whole deployment; every other has a migration's id."""

MOST_ROWS = 10**8
_PURPOSE, _PERSONAL = "gallery-migrator.audit.v1", "gallery-migrator.audit.personal.v1"


class AuditKey(NamedTuple):
    """A key, by the id that rows name it by."""

    id: str
    secret: bytes


class Row(Message):
    """One event in its chain. `who`: the keyed hash of `personal`, which is None once it was erased; `key`: the id of
    the key that `mac` was made with."""

    number: int
    epoch: int = 1
    id: str
    kind: Kind
    at: datetime
    facts: Json = {}
    late: bool = False
    who: str = ""
    key: str
    previous: str = ""
    mac: str = ""
    personal: Json | None = None


class Slot(NamedTuple):
    """A place in a chain, and the row there; None for one that cannot be read."""

    number: int
    row: Row | None


class Finding(NamedTuple):
    """A row that does not verify, and why."""

    number: int
    why: str


def parse_key(text: str) -> AuditKey:
    """The key in its setting, `id=whsec_…`, which was checked before."""
    name, _, secret = text.partition("=")
    return AuditKey(name, base64.b64decode(secret.removeprefix("whsec_")))


def sealed(chain: str, event: Event, before: Slot | None, epoch: int, key: AuditKey) -> Row:
    """The row of an event behind what is in another slot."""
    row = Row(
        number=before.number + 1 if before else 1,
        epoch=epoch,
        id=event.id,
        kind=event.kind,
        at=event.at,
        facts=event.facts,
        late=event.late,
        who=_hash_of(chain, event.id, event.personal, key) if event.personal else "",
        key=key.id,
        previous=before.row.mac if before and before.row else "",
        personal=event.personal or None,
    )
    return row.model_copy(update={"mac": _mac_of(chain, row, key)})


def row_name(number: int) -> str:
    """The name of a row in the records: the last row of a chain is the first in a list."""
    return f"{MOST_ROWS - number:08d}"


def slots_of(named: Mapping[str, Json]) -> list[Slot]:
    """The slots of a chain in their order, by the names of their rows."""
    return sorted(
        (Slot(MOST_ROWS - int(name), _read(value)) for name, value in named.items()),
        key=lambda slot: slot.number,
    )


def verify(
    chain: str, slots: Sequence[Slot], keys: Sequence[AuditKey], *, whole: bool = True
) -> Iterator[Finding]:
    """Yield what is wrong with slots in their order. `whole`: the first has to be the chain's first."""
    before = Slot(0, None)
    for slot in slots:
        number, row = slot
        why = "it cannot be read" if row is None else _wrong(chain, row, keys)
        if not why and row is not None:
            first = whole and before.number == 0
            why = _out_of_line(row, number, before, first=first)
        if why:
            yield Finding(number, why)
        before = slot


def erased(row: Row) -> Row:
    """The row without what is personal in it; it verifies as before."""
    return row.model_copy(update={"personal": None})


def _read(value: Json) -> Row | None:
    try:
        return Row.model_validate(value)
    except ValidationError:
        return None


def _wrong(chain: str, row: Row, keys: Sequence[AuditKey]) -> str:
    """Return what is wrong with a row by itself; empty when nothing is."""
    key = next((key for key in keys if key.id == row.key), None)
    if key is None:
        return f"its key '{row.key}' is not in AUDIT_KEYS"
    if not hmac.compare_digest(_mac_of(chain, row, key).encode(), row.mac.encode()):
        return "its content is not what was sealed"
    if row.personal is None:
        return ""
    who = _hash_of(chain, row.id, row.personal, key)
    same = hmac.compare_digest(who.encode(), row.who.encode())
    return "" if same else "the people in it are not those that were sealed"


def _out_of_line(row: Row, number: int, before: Slot, *, first: bool) -> str:
    """Return what is wrong with its place; empty when nothing is, or when that cannot be told."""
    if row.number != number:
        return f"it is event {row.number}, in another's place"
    if first and (number, row.previous) != (1, ""):
        return "it is not the chain's first, and nothing is before it"
    if before.number == 0:
        return ""
    if number != before.number + 1:
        return f"it comes behind event {before.number}"
    if before.row is None or row.previous == before.row.mac:
        return ""
    return "the event before is not the one that it was put behind"


def _mac_of(chain: str, row: Row, key: AuditKey) -> str:
    # Without what has its default: a field that a later version adds breaks no seal.
    content = row.model_dump(mode="json", exclude_defaults=True, exclude={"mac", "personal"})
    return _hmac([_PURPOSE, chain, content], key)


def _hash_of(chain: str, event: str, personal: Json, key: AuditKey) -> str:
    return _hmac([_PERSONAL, chain, event, personal], key)


def _hmac(content: list[object], key: AuditKey) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(key.secret, text.encode(), "sha256").hexdigest()
