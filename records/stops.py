"""The emergency stop of the deployment: `deletion` / `stop`, which every DELETE reads last."""

from domain.audit import facts
from domain.audit.chain import DEPLOYMENT
from domain.deletion.emergency_stop import EmergencyStop, StopChange
from domain.values import Json
from records.audit import AuditRecords

_PARTITION, _ROW = "deletion", "stop"


class StopRecords(AuditRecords):
    """Reads and writes of the stop. Every method may raise RecordsUnavailableError."""

    def read_stop(self) -> EmergencyStop:
        """The calls so far."""
        record = self._store.read(_PARTITION, _ROW)
        return EmergencyStop.model_validate(record.value if record else {})

    def change_stop(self, change: StopChange) -> EmergencyStop:
        """Write one more call; the stop then."""
        held = EmergencyStop()

        def changed(value: Json) -> Json:
            nonlocal held
            held = EmergencyStop.model_validate(value).changed(change)
            return held.model_dump(mode="json")

        self.change(_PARTITION, _ROW, changed)
        self.write_audit(DEPLOYMENT, facts.emergency_stop(change))
        return held
