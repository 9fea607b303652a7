"""Azure's answers about a machine and its run command, cut down to what a boot test needs."""

from domain.facts import fact
from domain.ids import fold
from domain.values import Json, Message

READY = "Ready"
_PROVISIONED, _POWER = "ProvisioningState/", "PowerState/"


class MachineReading(Message):
    """A machine as Azure answers it, with its instance view. `power` is the end of its status, as `running`; `agent`
    what the agent's status is displayed as; `error`: code and text of a provisioning that failed."""

    vm_id: str
    image_id: str = ""
    tags: dict[str, str] = {}
    provisioning_state: str
    power: str = ""
    agent: str = ""
    agent_message: str = ""
    error_code: str = ""
    error_message: str = ""


class ScriptReading(Message):
    """A run command as Azure answers it. `state`: of the execution; `exit_code` None: none was told."""

    provisioning_state: str
    state: str = "Unknown"
    message: str = ""
    exit_code: int | None = None
    output: str = ""


@fact
def machine_reading(body: Json) -> MachineReading:
    """The reading in a machine's JSON, read with `$expand=instanceView`."""
    properties = body["properties"]
    view = properties.get("instanceView") or {}
    statuses = view.get("statuses") or []
    agent = ((view.get("vmAgent") or {}).get("statuses") or [{}])[0]
    reference = (properties.get("storageProfile") or {}).get("imageReference") or {}
    power = next((_code(s) for s in statuses if _code(s).startswith(_POWER)), "")
    failed: Json = next((s for s in statuses if _code(s).startswith(f"{_PROVISIONED}failed")), {})
    return MachineReading(
        vm_id=properties["vmId"],
        image_id=str(reference.get("id") or ""),
        tags=body.get("tags") or {},
        provisioning_state=properties["provisioningState"],
        power=power.removeprefix(_POWER),
        agent=str(agent.get("displayStatus") or ""),
        agent_message=str(agent.get("message") or ""),
        error_code=_code(failed).partition("failed/")[2],
        error_message=str(failed.get("message") or ""),
    )


def _code(status: Json) -> str:
    return str(status.get("code") or "")


@fact
def script_reading(body: Json) -> ScriptReading:
    """The reading in a run command's JSON, read with `$expand=instanceView`."""
    properties = body["properties"]
    view = properties.get("instanceView") or {}
    ended = fold(str(view.get("executionState") or "")) in {"succeeded", "failed"}
    output, error = str(view.get("output") or ""), str(view.get("error") or "")
    return ScriptReading(
        provisioning_state=properties["provisioningState"],
        state=str(view.get("executionState") or "Unknown"),
        message=str(view.get("executionMessage") or ""),
        exit_code=view.get("exitCode") if ended else None,
        output="\n".join(part for part in (output, error) if part),
    )
