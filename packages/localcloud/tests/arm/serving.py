"""Runs the emulator as a process of its own, to be killed: `python -m ...serving STATE NOW`.

Time stands at NOW (ISO 8601). One line of JSON on standard output says where it listens.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path

from localcloud.arm.server.arm_cloud import ArmCloud


async def serve(state: Path, now: datetime) -> None:
    """Until the process is ended."""
    cloud = ArmCloud(state, now=lambda: now)
    await cloud.start()
    token, _ = cloud.tokens.issue(cloud.url)
    about = {
        "url": cloud.url,
        "ca": str(cloud.ca_file),
        "token": token,
        "subscription": cloud.subscription_ids[0],
    }
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])))
