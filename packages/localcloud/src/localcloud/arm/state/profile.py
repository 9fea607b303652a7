"""The settings of the emulated cloud for a test or a demo, in one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Graph:
    """The behaviour of Resource Graph.

    lag: seconds until it sees what was made, changed or deleted (`delayed.LONGEST` at most).
    quota: queries in a window of five seconds; more answer 429 where the profile says `throttling`.
    subscriptions: as many at most are looked at in a query that names none.
    truncated_at: rows of an answer that says it is truncated and has no next page; None: it is whole.
    children: child types (`microsoft.devtestlab/labs/customimages`) that it holds beside those known.
    """

    lag: float = 0.0
    quota: int = 15
    subscriptions: int = 10_000
    truncated_at: int | None = None
    children: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Machines:
    """The behaviour of new virtual machines, and of what runs in them.

    refusal: what each is refused with ("quota", "size", "policy", "terms"); "": nothing.
    failure: how its provisioning ends ("timeout", "internal", "allocation"); "": well.
    agent_seconds: from the end of its provisioning until its agent is ready; None: it never is.
    evicted_after: seconds from that end until a spot machine is evicted; None: it is not.
    script_seconds: how long a script runs; None: nothing is ever heard of it.
    exit_code, output, error: how every script ends.
    serial_log: the text in its boot diagnostics; "": that of a usual start.
    leaves: its deletion leaves network interface and disks behind, whatever their deleteOption.
    """

    refusal: str = ""
    failure: str = ""
    agent_seconds: float | None = 15.0
    evicted_after: float | None = None
    script_seconds: float | None = 10.0
    exit_code: int = 0
    output: str = ""
    error: str = ""
    serial_log: str = ""
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """The behaviour of this cloud. The defaults answer as Azure was recorded to.

    seed: every draw (durations, shapes of progress, faults) comes from it and the resource's id.
    time_scale: drawn durations are multiplied by it; 0.01 makes seven minutes four seconds.
    seconds: fixed durations for kinds of operations (`durations.QUANTILES`), not scaled.
    replication_seconds: how long a version's regions take, one number for all or by region (short
        name; `"*"` for the others), not scaled; None draws from the quantiles.
    late_regions: seconds by region (`"*"` allowed) for which a region still replicates after the
        operation has ended: Succeeded does not mean usable.
    failing_regions: ARM's detail text by region: the region and the operation end Failed.
    shapes: curve of progress by region (`replication.SHAPES`).
    index_lag: seconds for which ARM still counts deleted children (CannotDeleteResource); 0 as recorded,
        10 to 20 as issues report it.
    throttling: whether an empty bucket answers 429; the headers count down in any case.
    bucket_scale: the size of the buckets as a share of the recorded sizes.
    retry_after: how a 429 says when to come back: "seconds", "date" or None (it may be absent).
    signed_urls: whether operation URLs carry ARM's signature options (2025 on).
    page_size: resources in one page of a list; resource_page_size in the subscription-wide index.
    unseen: regular expressions of ids (without case) that lists and Resource Graph leave out without a
        word, as of resources that the identity may not read.
    real_date: whether Date headers tell the machine's time, whatever this cloud's clock says: for an app whose
        clock nobody moves, and which holds the two against each other.
    graph: Resource Graph's own; machines: the virtual machines'.
    """

    seed: int = 0
    time_scale: float = 1.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    replication_seconds: float | Mapping[str, float] | None = None
    late_regions: Mapping[str, float] = field(default_factory=dict)
    failing_regions: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)
    index_lag: float = 0.0
    throttling: bool = False
    bucket_scale: float = 1.0
    retry_after: str | None = "seconds"
    signed_urls: bool = True
    page_size: int = 50
    resource_page_size: int = 1000
    real_date: bool = False
    unseen: tuple[str, ...] = ()
    graph: Graph = field(default_factory=Graph)
    machines: Machines = field(default_factory=Machines)


DEFAULT = Profile()
