"""Turns a failure in the worker into the texts that orchestrations and their callers get.

Worker text (`Result: Failure / Exception / Stack`) -> the host's sanitizer -> the message that the
extension keeps (`Activity function 'x' failed: ValueError: boom`) and its details, JSON of a .NET
exception. A failing orchestrator sends its state behind a label in the same text.
"""

from __future__ import annotations

import json
import re
from typing import Any

from localcloud.durable.history import compact

STATE_LABEL = "$OutOfProcData$:"
SECRETS = re.compile(
    r"(?:Token=|DefaultEndpointsProtocol=http|AccountKey=|Data Source=|Server=|Password=|pwd="
    r"|&amp;sig=|&sig=|\?sig=|SharedAccessKey=|&amp;code=|&code=|\?code=)[^<\"']*",
    re.IGNORECASE,
)
NO_STACK = "   (not kept by the local cloud)"


def sanitized(text: str) -> str:
    """Without what looks like a secret, up to the next quote or `<`, as the Functions host does."""
    return SECRETS.sub("[Hidden Credential]", text)


def activity_failure(name: str, worker_text: str) -> tuple[str, str]:
    """Return reason and details of TaskFailed; the details have the fields of the .NET exception that matter."""
    text = sanitized(worker_text)
    friendly, stack = _parts(text)
    details = {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": friendly,
        "InnerException": {"RemoteStackTrace": stack, "RemoteMessage": friendly.strip()},
    }
    return f"Activity function '{name}' failed: {friendly}", compact(details)


def orchestrator_state(worker_text: str) -> dict[str, Any] | None:
    """The state that a failing orchestrator sent along; None if there is none to be read.

    The first label counts, also one in the app's own text: then what follows is no JSON. A state that
    says it is done does not count: so the SDK's after a result that is not JSON.
    """
    message, _ = _parts(sanitized(worker_text))
    _, label, text = message.partition(STATE_LABEL)
    if not label:
        return None
    try:
        state = json.loads(text)
    except ValueError:
        return None
    if not isinstance(state, dict) or state.get("isDone") is not False:
        return None
    return state if "actions" in state and state.get("error") is not None else None


def stateless_failure(worker_text: str) -> str:
    """Return the extension's words when the worker failed without a state."""
    return f"One or more errors occurred. ({sanitized(worker_text)})"


def unknown_function(name: str, kind: str, known: list[str]) -> str:
    listed = ", ".join(f"'{item}'" for item in known)
    functions = f"The following are the known {kind} functions: {listed}."
    return (
        f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function. "
        f"Additional info: {functions if known else f'No {kind} functions are currently registered!'}"
    )


def _parts(text: str) -> tuple[str, str]:
    """Message and stack of a worker text."""
    message, _, stack = text.removeprefix("Result: Failure\nException: ").rpartition("\nStack: ")
    return message, stack
