"""`python -m localcloud`: the local cloud's command line."""

from __future__ import annotations

from localcloud.cli.main import cli

if __name__ == "__main__":
    cli()
