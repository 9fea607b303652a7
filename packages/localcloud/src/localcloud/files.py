"""Files that another process never sees half-written, nor a crash leaves so."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Replaces `path` at once; a `private` file can only be read by its owner."""
    fresh = path.with_name(path.name + ".new")
    mode = 0o600 if private else 0o644
    fresh.touch(mode=mode)
    fresh.chmod(mode)
    fresh.write_text(text)
    fresh.replace(path)
