"""The knowledge that an attempt leaves of its image, by which a later one is told from it."""

from datetime import datetime

from domain.migration.fingerprint import same_as_far_as_known
from domain.values import Message


class Sighting(Message):
    """An attempt's knowledge of the image that it is about; no `fingerprint` while it has not read it. `failed_at`: it
    made no usable version."""

    migration: str
    accepted_at: datetime
    fingerprint: str | None = None
    failed_at: datetime | None = None

    def may_be_tried_again(self, event_at: datetime | None) -> bool:
        """Return True if an event of this time may start another attempt: one after its failure does."""
        return self.failed_at is not None and event_at is not None and event_at > self.failed_at

    def is_of(self, fingerprint: str, created: datetime | None) -> bool:
        """Return True if it is about the very image that has this fingerprint. One that has not read its image is told
        by time only: it cannot have been about an image that was made later."""
        if self.fingerprint is not None:
            return same_as_far_as_known(self.fingerprint, fingerprint)
        return created is None or created <= self.accepted_at
