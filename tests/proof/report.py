"""The report of a run: how many images went, and how often each condition was the only one that failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.proof.conditions import Condition
from tests.proof.world import Asked


@dataclass
class Report:
    """Figures of runs. `alone`: how often a condition was all that kept an image; `unexplained`: what was kept though
    nothing that the test knows of stood against it."""

    runs: int = 0
    steps: int = 0
    kills: int = 0
    migrations: int = 0
    gone: int = 0
    by_several: int = 0
    alone: Counter[Condition] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    # Of the run that goes on.
    moves: list[str] = field(default_factory=list)

    def begin_run(self) -> None:
        """Count a run, whose moves are told if it fails."""
        self.runs += 1
        self.moves = self.moves[-1:]

    def end(self, asked: Asked, image: str, reason: str) -> None:
        """Count a migration that has its outcome; `image`: what the app says became of it."""
        self.migrations += 1
        if image == "deleted":
            self.gone += 1
        elif len(asked.failed) == 1:
            self.alone[next(iter(asked.failed))] += 1
        elif asked.failed:
            self.by_several += 1
        else:
            self.unexplained.append(f"{asked.id}, {asked.plan}: {reason}")

    @property
    def never(self) -> list[Condition]:
        """The conditions that never were the only one."""
        return [condition for condition in Condition if not self.alone[condition]]

    def lines(self) -> list[str]:
        """The table."""
        figures = (
            f"runs {self.runs}, steps {self.steps}, kills {self.kills}, migrations {self.migrations}, images gone "
            f"{self.gone}, kept for several reasons {self.by_several}, kept for none {len(self.unexplained)}"
        )
        table = [f"{self.alone[condition]:6d}  {condition}" for condition in Condition]
        return [figures, "how often each condition was the only one that failed:", *table]
