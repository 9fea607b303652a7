"""`python -m tools.audit_check`: verify the whole audit without the app, with its settings in the environment.

It reads the records and the anchors, and writes nothing. It ends with 1 when a chain does not stand, with 2
without keys or settings.
"""

import os
import sys
from functools import partial

from domain.settings import InvalidSettingsError, Settings
from records.migrations import MigrationRecords
from records.store import RecordError
from services.audit_check import check_page
from services.identities import publisher
from services.stores import open_records

PAGE = 200


def check(records: MigrationRecords) -> int:
    """Print what does not stand, and how much was verified; the number of chains that do not."""
    wrong, chains, cursor = 0, 0, None
    while True:
        page = check_page(records, cursor, PAGE)
        for one in page.wrong:
            wrong += not one.accepted
            print(f"{'accepted' if one.accepted else 'WRONG'} {one.chain}: {one.found}")
        chains, cursor = chains + page.chains, page.cursor
        if cursor is None:
            break
    print(
        f"{chains} migrations, {page.events} events of the deployment, epoch {page.epoch}: {wrong} wrong"
    )
    print(f"head {page.head}")
    return wrong


def main() -> int:
    """Check the audit that the environment names."""
    try:
        settings = Settings.from_environ(os.environ)
        if not settings.audit_keys:
            print("AUDIT_KEYS is empty: nothing can be verified", file=sys.stderr)
            return 2
        return int(check(open_records(settings, partial(publisher, settings.azure_client_id))) > 0)
    except (InvalidSettingsError, RecordError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
