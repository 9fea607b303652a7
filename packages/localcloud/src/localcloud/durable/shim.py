"""The extension's shim for SDKs in other processes: plays the SDK's answer as an orchestration.

The SDK answers each invocation with the list of all its actions since the start, without ids. The
extension performs them strictly one after another in an orchestration of its own; whatever fails
there is ignored (the SDK has dealt with it). That is why a call of an unknown function hangs, and
why ids get out of step when the SDK goes on while a retried call is open.

Source: OutOfProcOrchestrationShim and DurableOrchestrationContext of the extension, RetryInterceptor
of DurableTask.Core.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from localcloud.durable.continuations import Steps, Task, finished, run, when
from localcloud.durable.decisions import create_sub_orchestration, schedule_task, send_event
from localcloud.durable.dtfx import OrchestrationError, Outcome, Replay
from localcloud.durable.failures import NO_STACK
from localcloud.durable.history import Event, Execution, compact, moment, stamp

MAX_STATUS_KB = 16
HTTP_ACTIVITY = "BuiltIn::HttpActivity"
CALL_ENTITY = 7

Action = Mapping[str, Any]
# Is there such a function? (kind of trigger, durable name)
Knows = Callable[[str, str], bool]


@dataclass(frozen=True)
class Reply:
    """The function's reply: its state, or the text of a failure without a state."""

    state: Mapping[str, Any] | None
    failure: str = ""


def replay(
    history: list[Event], reply: Reply, knows: Knows, default_version: str | None = None
) -> Outcome:
    """Return what history and reply lead to; children get the `default_version`."""

    def code(engine: Replay) -> Steps:
        return _Shim(engine, reply, Execution.of(history), knows, default_version).steps()

    return Replay(code).run(history)


class _Shim:
    def __init__(
        self,
        engine: Replay,
        reply: Reply,
        who: Execution,
        knows: Knows,
        default_version: str | None,
    ) -> None:
        self._engine, self._reply, self._who = engine, reply, who
        self._knows, self._default_version = knows, default_version

    def steps(self) -> Steps:
        """The orchestration; its value is the output as JSON text."""
        state = self._reply.state
        if state is None:
            raise self._failure(self._reply.failure)
        self._set_custom_status(state.get("customStatus"))
        for action in (action for group in state.get("actions") or [] for action in group):
            yield self._perform(action)
        if error := state.get("error"):
            raise self._failure(error)
        if not state.get("isDone"):
            # There is more to come: the SDK will be asked again.
            yield Task()
        output = state.get("output")
        return None if output is None else compact(output)

    def _failure(self, text: str) -> OrchestrationError:
        message = f"Orchestrator function '{self._who.name}' failed: {text}"
        return OrchestrationError(message, f"Message: {text}, StackTrace: {NO_STACK}")

    def _set_custom_status(self, value: Any) -> None:
        text = None if value is None else compact(value)
        size = len((text or "").encode("utf-16-le", "surrogatepass")) // 1024
        if size > MAX_STATUS_KB:
            raise self._failure(
                "The UTF-16 size of the JSON-serialized payload must not exceed "
                f"{MAX_STATUS_KB} KB. The current payload size is {size:,} KB."
            )
        self._engine.out.custom_status = text

    # ---- actions -------------------------------------------------------------------------------
    def _perform(self, action: Action) -> Task:
        trigger, perform = self._ACTIONS[action["actionType"]]
        if trigger and not self._knows(trigger, _called(action)):
            # It fails on the .NET side only: the SDK waits for ever.
            return finished()
        return perform(self, action)

    def _activity(self, action: Action) -> Task:
        key = self._engine.take_id()
        return self._engine.schedule(
            schedule_task(key, action["functionName"], action.get("input"))
        )

    def _http(self, action: Action) -> Task:
        text = compact(action.get("httpRequest"))
        return self._engine.schedule(schedule_task(self._engine.take_id(), HTTP_ACTIVITY, text))

    def _sub_orchestration(self, action: Action) -> Task:
        key = self._engine.take_id()
        child = action.get("instanceId") or f"{self._who.execution_id}:{key}"
        version = action.get("version") or self._default_version
        return self._engine.schedule(
            create_sub_orchestration(key, action["functionName"], version, child, _text(action))
        )

    def _activity_with_retry(self, action: Action) -> Task:
        return run(self._attempts(lambda: self._activity(action), action["retryOptions"]))

    def _sub_orchestration_with_retry(self, action: Action) -> Task:
        return run(self._attempts(lambda: self._sub_orchestration(action), action["retryOptions"]))

    def _attempts(self, call: Callable[[], Task], options: Mapping[str, Any]) -> Steps:
        """A call, followed by timers and further calls as long as it fails."""
        started, attempts = moment(self._engine.now), int(options["maxNumberOfAttempts"])
        for attempt in range(1, attempts + 1):
            task = call()
            yield task
            now = moment(self._engine.now)
            delay = retry_delay(options, attempt, now - started)
            if not task.failed or delay is None:
                return
            # The one behind the last attempt is due at once; the SDK counts on its id.
            yield self._engine.create_timer(stamp(now if attempt == attempts else now + delay))

    def _timer(self, action: Action) -> Task:
        return self._engine.create_timer(action["fireAt"], cancelled=bool(action.get("isCanceled")))

    def _wait(self, action: Action) -> Task:
        return self._engine.wait_for(action["externalEventName"])

    def _entity(self, action: Action) -> Task:
        """A signal is sent and forgotten, a call waits for the answer: an event named by its id."""
        target, signal = scheduler_id(action["instanceId"]), action["actionType"] != CALL_ENTITY
        key, execution = self._engine.take_id(), self._who.execution_id
        request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{execution}/{key}"))
        request = entity_request(action["operation"], _text(action), request_id, signal=signal)
        request |= {"parent": self._who.instance_id, "parentExecution": execution}
        payload = compact(request)
        self._engine.send(send_event(key, target, "op", payload, action.get("fireAt")))
        return finished() if signal else self._engine.wait_for(request_id)

    def _continue_as_new(self, action: Action) -> Task:
        self._engine.continue_as_new(compact(action.get("input")))
        return finished()

    def _when_any(self, action: Action) -> Task:
        tasks = [self._perform(item) for item in action["compoundActions"]]
        if not tasks:
            raise self._failure("The tasks argument contains no tasks. (Parameter 'tasks')")
        return when(tasks, 1)

    def _when_all(self, action: Action) -> Task:
        tasks = [self._perform(item) for item in action["compoundActions"]]
        return when(tasks, len(tasks))

    # By `actionType` of the SDK: the trigger of what is called, and how.
    _ACTIONS: ClassVar[dict[int, tuple[str, Callable[[_Shim, Action], Task]]]] = {
        0: ("activityTrigger", _activity),
        1: ("activityTrigger", _activity_with_retry),
        2: ("orchestrationTrigger", _sub_orchestration),
        3: ("orchestrationTrigger", _sub_orchestration_with_retry),
        4: ("", _continue_as_new),
        5: ("", _timer),
        6: ("", _wait),
        7: ("entityTrigger", _entity),
        8: ("", _http),
        9: ("entityTrigger", _entity),
        10: ("entityTrigger", _entity),
        11: ("", _when_any),
        12: ("", _when_all),
    }


def _called(action: Action) -> str:
    """The name of the function that an action calls."""
    return str(action.get("functionName") or action["instanceId"].split("@")[1])


def scheduler_id(entity: str) -> str:
    """The instance id of an entity: its name in lower case, its key as it is."""
    _, name, key = entity.split("@", 2)
    return f"@{name.lower()}@{key}"


def entity_request(
    operation: str | None, text: str | None, request_id: str, *, signal: bool
) -> dict[str, Any]:
    """A message to an entity; `text` is its JSON input."""
    request = {"op": operation or "", "input": text, "id": request_id}
    return request | ({"signal": True} if signal else {})


def _text(action: Action) -> str | None:
    """The input of an action as JSON."""
    return None if action.get("input") is None else compact(action["input"])


def retry_delay(options: Mapping[str, Any], attempt: int, elapsed: timedelta) -> timedelta | None:
    """Return how long to wait behind failed attempt number `attempt`; None: no more attempts."""
    timeout = options.get("retryTimeoutInMilliseconds")
    if timeout is not None and elapsed >= timedelta(milliseconds=timeout):
        return None
    growth = float(options.get("backoffCoefficient") or 1) ** (attempt - 1)
    wanted = options["firstRetryIntervalInMilliseconds"] * growth
    longest = options.get("maxRetryIntervalInMilliseconds")
    return timedelta(milliseconds=wanted if longest is None else min(wanted, longest))
