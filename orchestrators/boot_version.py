"""The boot test of a migration's version, between replication and approval: each region's is a child."""

from domain.boot_test.messages import OPEN_BOOT_TESTS, READ_BOOT_TESTS
from domain.boot_test.terms import Unproven
from domain.migration.stages import AFTER_BOOT_TEST, Outcome, Stage
from orchestrators.endings import MigrationEndedError
from orchestrators.run import Run, Steps


def boot_version(run: Run) -> Steps:
    """Return when the version was tested, or none is wanted; MigrationEndedError with Kept when it did not pass, a
    deletion was asked for, and the deployment keeps such images."""
    if not run.begun.boot_test or run.begun.stage in AFTER_BOOT_TEST:
        return
    opened = yield from run.call(OPEN_BOOT_TESTS, run.timed)
    if not opened.regions:
        return
    text = f"a machine is made from the version in {', '.join(opened.regions)}, and deleted again"
    yield from run.record("boot test", Stage.BOOT_TEST, text)
    if opened.tests:
        children = [
            run.context.call_sub_orchestrator("boot_test", None, test_id)
            for test_id in opened.tests
        ]
        yield run.context.task_all(children)
    read = yield from run.call(READ_BOOT_TESTS, run.timed)
    yield from run.record("boot tested", Stage.BOOT_TEST, read.text)
    if not read.passed and run.begun.deletion and read.unproven is Unproven.KEEP:
        raise MigrationEndedError(
            Outcome.KEPT,
            f"{read.text}; the image is kept and nothing was promoted. Start again once that is put right",
        )
