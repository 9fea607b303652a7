"""The terms of boot tests: what the settings said when a migration or a test was accepted."""

from datetime import timedelta
from enum import StrEnum

from domain.ids import fold
from domain.values import Message


class Demand(StrEnum):
    """The migrations that are tested without being asked: none, those that ask for a deletion, all."""

    ASKED = "asked"
    DELETIONS = "deletions"
    ALWAYS = "always"


class RegionChoice(StrEnum):
    """The regions in which a migration's version is tested, of those that have a subnet."""

    FIRST = "first"
    EVERY = "every"


class Unproven(StrEnum):
    """The consequence of a test that did not pass: the approval is asked for all the same, or the image is kept."""

    ASK = "ask"
    KEEP = "keep"


class Priority(StrEnum):
    """The priority of a test's machine; Azure may take a spot machine away at any time."""

    REGULAR = "regular"
    SPOT = "spot"


class BootTestTerms(Message):
    """The place and the limits of tests. `subnets` by short region name."""

    resource_group: str
    subnets: dict[str, str]
    vm_size: str
    priority: Priority = Priority.REGULAR
    timeout: timedelta
    regions: RegionChoice = RegionChoice.FIRST
    unproven: Unproven = Unproven.ASK
    linux_script: str = ""
    windows_script: str = ""

    def script_for(self, os_type: str) -> str:
        """The script for an operating system, "" for none."""
        return self.windows_script if fold(os_type) == "windows" else self.linux_script


def regions_to_test(terms: BootTestTerms, source: str, targets: tuple[str, ...]) -> tuple[str, ...]:
    """The regions to test in: the source's first, then by name. Only those that have a subnet."""
    ordered = sorted(targets, key=lambda region: (region != source, region))
    able = tuple(region for region in ordered if region in terms.subnets)
    return able[:1] if terms.regions is RegionChoice.FIRST else able
