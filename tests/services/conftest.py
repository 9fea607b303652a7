"""Use cases run in this process against the ARM emulator, as activities do."""

from tests.activities.conftest import app_settings, azure, clients_of_this_cloud, cloud
from tests.entra import entra

__all__ = ["app_settings", "azure", "clients_of_this_cloud", "cloud", "entra"]
