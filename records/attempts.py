"""The attempts to migrate one image: the newest, and whether an image was migrated before, in a few rows however many
there were.

- `<image key>` / `<attempt>`: the accepted request. Inserting it claims the image: only one writer wins a number.
- `image.<image key>` / `latest`: the number of an attempt that is there, from which on the newest is looked for. It may
  be behind, since its writer may have died before; it is never ahead.
- `image.<image key>` / `<fingerprint>`: the last attempt that ended with this fingerprint of the image; of those
  that did not fail, if there are any.
- `image.<image key>` / `unread`: of the attempts that ended before they had read the image the one accepted last.
- `image.<image key>` / `version.<hash>`: a version whose PUT was sent, by the last migration that sent it.

An attempt gets its row by fingerprint at its end. Until then it is the newest, since the image is claimed.
"""

from hashlib import sha256

from domain.audit import facts
from domain.deletion.copies import BegunVersion
from domain.ids import fold
from domain.migration.fingerprint import content_of, without_creation_time
from domain.migration.recorded import AcceptedRequest
from domain.migration.sightings import Sighting
from domain.values import Json
from records.audit import AuditRecords
from records.store import Record

_LATEST, _UNREAD, _VERSION = "latest", "unread", "version."

attempt_row = "{:06d}".format
"""The row of an attempt, in their order."""


class AttemptRecords(AuditRecords):
    """Reads and writes of attempts. Every method may raise RecordsUnavailableError."""

    def latest(self, image_key: str) -> AcceptedRequest | None:
        """The newest attempt to migrate an image."""
        hint = self._store.read(_about(image_key), _LATEST)
        known = int(hint.value["attempt"]) if hint else 1
        attempts = self._store.list(image_key, after=attempt_row(known - 1))
        return AcceptedRequest.model_validate(attempts[-1].value) if attempts else None

    def hint_latest(self, accepted: AcceptedRequest) -> None:
        """Look for the newest attempt from this one on; without a hint it is looked for from the first."""
        self._store.put(_about(accepted.image_key), _LATEST, {"attempt": accepted.attempt})

    def remember_image(self, image_key: str, sighting: Sighting) -> None:
        """Write down which image an attempt that has ended was about."""

        def unfailed(held: Json) -> Json | None:
            """A failure does not hide that another attempt has made a version of it."""
            made = bool(held) and Sighting.model_validate(held).failed_at is None
            return None if made and sighting.failed_at else sighting.model_dump(mode="json")

        def later(held: Json) -> Json | None:
            known = Sighting.model_validate(held) if held else sighting
            return (
                None
                if known.accepted_at > sighting.accepted_at
                else sighting.model_dump(mode="json")
            )

        known = sighting.fingerprint
        self.change(_about(image_key), known or _UNREAD, unfailed if known else later)

    def sightings(self, image_key: str, fingerprint: str) -> list[Sighting]:
        """Of the attempts that have ended, those which alone can have been about an image with this fingerprint: one
        that knew as much of it, one that did not know its creation time, one that knew nothing."""
        about, incomplete = _about(image_key), without_creation_time(fingerprint)
        if fingerprint == incomplete:
            known = self._store.list(about, prefix=content_of(fingerprint), limit=1)
        else:
            known = self._read(about, fingerprint) + self._read(about, incomplete)
        return [Sighting.model_validate(r.value) for r in known + self._read(about, _UNREAD)]

    # -- versions made from an image ----------------------------------------------------------------------------

    def remember_version(self, image_key: str, begun: BegunVersion) -> None:
        """Write down that the PUT of a version is about to be sent; in the audit first, without which it proves
        nothing."""
        self.write_audit(begun.migration, facts.version_begun(begun))
        self._store.put(
            _about(image_key), _version_row(begun.version_id), begun.model_dump(mode="json")
        )

    def forget_version(self, image_key: str, version_id: str) -> None:
        """It turned out to be somebody else's."""
        self._store.delete(_about(image_key), _version_row(version_id))

    def begun_versions(self, image_key: str) -> list[BegunVersion]:
        """Every version that was ever begun from images of this name."""
        rows = self._store.list(_about(image_key), prefix=_VERSION)
        return [BegunVersion.model_validate(record.value) for record in rows]

    def _read(self, partition: str, row: str) -> list[Record]:
        record = self._store.read(partition, row)
        return [record] if record else []


def _about(image_key: str) -> str:
    return f"image.{image_key}"


def _version_row(version_id: str) -> str:
    return _VERSION + sha256(fold(version_id).encode()).hexdigest()[:32]
