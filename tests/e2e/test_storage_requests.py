"""The counting proxy: what the host's SDKs send arrives, and is counted as what it is."""

from collections import Counter

import pytest
from azure.data.tables import TableServiceClient
from yarl import URL

from tests.e2e.storage_requests import Kind, StorageRequests, kind_of


def test_signed_requests_arrive_and_are_counted(azurite: str) -> None:
    """The real SDK through the proxy, with reads, writes, a conflict and a batch; not one is counted twice."""
    rows = [{"PartitionKey": "one", "RowKey": str(number)} for number in range(3)]
    with StorageRequests(azurite) as proxy:
        table = TableServiceClient.from_connection_string(proxy.connection).create_table(
            "HubHistory"
        )
        table.upsert_entity(rows[0])
        table.submit_transaction([("upsert", row) for row in rows])
        entities = list(table.list_entities())

    assert [row["RowKey"] for row in entities] == ["0", "1", "2"]
    assert proxy.seen == Counter(
        {
            Kind("table", "Tables", "POST"): 1,
            Kind("table", "history table", "PATCH"): 1,
            Kind("table", "history table", "batch"): 1,
            Kind("table", "history table", "GET"): 1,
        }
    )


@pytest.mark.parametrize(
    ("service", "method", "path", "kind"),
    [
        ("queue", "GET", "hub-control-03/messages?numofmessages=32", "control queues: GET"),
        ("queue", "PUT", "hub-workitems/messages/id?popreceipt=x", "work item queue: PUT"),
        ("table", "PUT", "hubPartitions(PartitionKey='',RowKey='a')", "partitions table: PUT"),
        ("blob", "PUT", "hub-applease/hub-appleaseinfo?comp=lease", "app lease: PUT lease"),
        ("blob", "GET", "?comp=list", ": GET list"),
        ("queue", "GET", "somebody-elses/messages", "somebody-elses: GET"),
    ],
)
def test_the_parts_of_a_hub_are_told_apart(service: str, method: str, path: str, kind: str) -> None:
    """By the names that the Durable extension gives them."""
    seen = kind_of(service, method, URL(f"http://127.0.0.1/account/{path}"), b"")

    assert f"{seen.part}: {seen.verb}" == kind
