"""Snapshots: disks that are attached to nothing, and may be incremental."""

from __future__ import annotations

from dataclasses import replace

from localcloud.arm.resources import disks

KIND = replace(disks.KIND, type="Microsoft.Compute/snapshots")
