"""The URLs that the extension hands out: management links of an instance, the client's binding."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote_plus

from localcloud.durable.history import compact

WEBHOOKS = "/runtime/webhooks/durabletask"
RPC = "/durabletask"
CONNECTION = "Storage"


def rpc_key(system_key: str) -> str:
    """The key in the path that a client of this machine uses. (The real extension serves that path without a key, on a
    port of its own; here it is the app's port, which every web page in a browser can reach.)"""
    return sha256(f"rpc {system_key}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Links:
    """Links of one task hub; `key` is the system key `durabletask`."""

    hub: str
    key: str

    def of(self, origin: str, instance_id: str) -> dict[str, str]:
        """Return the links in a start's answer; .NET writes a blank in the id as `+`."""
        base = f"{origin}{WEBHOOKS}/instances/{quote_plus(instance_id, safe='-_.!*()')}"
        query = f"taskHub={self.hub}&connection={CONNECTION}&code={self.key}"
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{base}?{query}",
            "sendEventPostUri": f"{base}/raiseEvent/{{eventName}}?{query}",
            "terminatePostUri": f"{base}/terminate?reason={{text}}&{query}",
            "purgeHistoryDeleteUri": f"{base}?{query}",
            "restartPostUri": f"{base}/restart?{query}",
            "suspendPostUri": f"{base}/suspend?reason={{text}}&{query}",
            "resumePostUri": f"{base}/resume?reason={{text}}&{query}",
        }

    def binding(self, origin: str) -> str:
        """The text of a durable client's binding; the SDK puts an id for INSTANCEID."""
        start = f"{origin}{WEBHOOKS}/orchestrators/{{functionName}}[/{{instanceId}}]"
        wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}"
        links = self.of(origin, "INSTANCEID")
        rewind = links["terminatePostUri"].replace("/terminate?", "/rewind?")
        binding = {
            "taskHubName": self.hub,
            "connectionName": None,
            "creationUrls": {
                "createNewInstancePostUri": f"{start}?code={self.key}",
                "createAndWaitOnNewInstancePostUri": f"{start}?{wait}&code={self.key}",
            },
            "managementUrls": {**links, "rewindPostUri": rewind},
            "baseUrl": f"{origin}{WEBHOOKS}",
            "requiredQueryStringParameters": f"code={self.key}",
            "rpcBaseUrl": f"{origin}{RPC}/{rpc_key(self.key)}/",
            "httpBaseUrl": None,
            "maxGrpcMessageSizeInBytes": None,
            "grpcHttpClientTimeout": None,
        }
        return compact(binding)
