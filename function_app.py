"""The table of contents: every trigger and registered function of the app, and nothing else."""

import logging

import azure.durable_functions as df
import azure.functions as func

import startup
from activities.approvals import decide_approval, open_approval
from activities.boot_clean_up import delete_machine
from activities.boot_machines import (
    create_machine,
    keep_log,
    look_at_machine,
    look_at_script,
    run_script,
)
from activities.boot_tests import (
    begin_boot_test,
    finish_boot_test,
    give_up_boot_test,
    open_boot_tests,
    read_boot_tests,
)
from activities.definitions import ensure_definition
from activities.deletion import confirm_deletion, delete_image
from activities.images import check_image
from activities.notifications import notify
from activities.planning import plan_migration
from activities.progress import begin_run, finish_migration, record_progress
from activities.restoring import begin_restore, finish_restore, settle_restore
from activities.restoring_disks import delete_disks, look_at_disks, make_disks
from activities.restoring_image import look_at_image, make_image
from activities.statements import make_statement
from activities.versions import promote_version, read_replication, start_version
from orchestrators.boot_test import boot_test
from orchestrators.migrate_image import migrate_image
from orchestrators.restore_image import restore_image
from orchestrators.watch_replication import watch_replication
from services.dependencies import settings_at_start
from triggers.events import image_written as new_image
from triggers.http import (
    approvals,
    audit,
    boot_tests,
    emergency_stop,
    gate,
    health,
    inventory,
    migrations,
    plans,
    references,
    restores,
    statements,
)
from triggers.timers import purge, sweep

ORCHESTRATORS = (migrate_image, watch_replication, restore_image, boot_test)
ACTIVITIES = (
    begin_run,
    plan_migration,
    ensure_definition,
    start_version,
    read_replication,
    check_image,
    open_approval,
    make_statement,
    decide_approval,
    promote_version,
    delete_image,
    confirm_deletion,
    record_progress,
    finish_migration,
    notify,
    begin_restore,
    make_disks,
    look_at_disks,
    make_image,
    look_at_image,
    settle_restore,
    delete_disks,
    finish_restore,
    open_boot_tests,
    read_boot_tests,
    begin_boot_test,
    create_machine,
    look_at_machine,
    run_script,
    look_at_script,
    give_up_boot_test,
    keep_log,
    delete_machine,
    finish_boot_test,
)
AT_START = settings_at_start()

# The SDKs write two lines for each of their requests. The worker sends them on under the function's name, so that no
# category in host.json can hold them back.
logging.getLogger("azure").setLevel(logging.WARNING)

# The app itself refuses whoever is not recognised (triggers/http/guard.py): a host key would turn away people who have
# signed in, and the app is not told which key it was.
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

for orchestrator in ORCHESTRATORS:
    app.orchestration_trigger(context_name="context")(orchestrator)
for activity in ACTIVITIES:
    app.activity_trigger(input_name="request")(activity)


@app.route("migrations", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start_migration(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    return await migrations.start_migration(req, client)


@app.route("migrations", methods=["GET"])
async def list_migrations(req: func.HttpRequest) -> func.HttpResponse:
    return await migrations.list_migrations(req)


@app.route("migrations/{id}", methods=["GET"])
async def read_migration(req: func.HttpRequest) -> func.HttpResponse:
    return await migrations.read_migration(req)


@app.route("migrations/{id}/statement", methods=["GET"])
async def read_statement(req: func.HttpRequest) -> func.HttpResponse:
    return await statements.read_statement(req)


@app.route("migrations/{id}/approval", methods=["POST"])
@app.durable_client_input(client_name="client")
async def decide_migration(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    return await approvals.decide(req, client)


@app.route("migrations/{id}/cancel", methods=["POST"])
@app.durable_client_input(client_name="client")
async def cancel_migration(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    return await migrations.cancel_migration(req, client)


@app.route("migrations/{id}/restore", methods=["POST"])
@app.durable_client_input(client_name="client")
async def restore_migration(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    return await restores.restore(req, client)


@app.route("migrations/{id}/gate", methods=["GET"])
async def read_gate(req: func.HttpRequest) -> func.HttpResponse:
    return await gate.read_gate(req)


@app.route("emergency-stop", methods=["POST"])
async def stop_deletions(req: func.HttpRequest) -> func.HttpResponse:
    return await emergency_stop.emergency_stop(req)


@app.route("migrations/{id}/audit", methods=["GET"])
async def read_audit(req: func.HttpRequest) -> func.HttpResponse:
    return await audit.read_audit(req)


@app.route("audit/check", methods=["GET"])
async def check_audit(req: func.HttpRequest) -> func.HttpResponse:
    return await audit.check_audit(req)


@app.route("audit/epochs", methods=["POST"])
async def begin_epoch(req: func.HttpRequest) -> func.HttpResponse:
    return await audit.begin_epoch(req)


@app.route("plans", methods=["POST"])
async def plan(req: func.HttpRequest) -> func.HttpResponse:
    return await plans.plan_only(req)


@app.route("boot-tests", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start_boot_test(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    return await boot_tests.start_test(req, client)


@app.route("boot-tests/{id}", methods=["GET"])
async def read_boot_test(req: func.HttpRequest) -> func.HttpResponse:
    return await boot_tests.read_test(req)


@app.route("galleries", methods=["GET"])
async def list_galleries(req: func.HttpRequest) -> func.HttpResponse:
    return await inventory.list_galleries(req)


@app.route("images", methods=["GET"])
async def list_images(req: func.HttpRequest) -> func.HttpResponse:
    return await inventory.list_images(req)


@app.route("references", methods=["GET"])
async def read_references(req: func.HttpRequest) -> func.HttpResponse:
    return await references.read_references(req)


@app.route("health", methods=["GET"])
async def read_health(req: func.HttpRequest) -> func.HttpResponse:
    return await health.health(req)


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def image_written(event: func.EventGridEvent, client: df.DurableOrchestrationClient) -> None:
    await new_image.new_image(event, client)


@app.timer_trigger(arg_name="timer", schedule=AT_START.sweep_schedule, run_on_startup=False)
@app.durable_client_input(client_name="client")
async def sweep_migrations(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    await sweep.sweep(client)


@app.timer_trigger(arg_name="timer", schedule=AT_START.purge_schedule, run_on_startup=False)
@app.durable_client_input(client_name="client")
async def purge_histories(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    await purge.purge(client)


startup.loaded()
