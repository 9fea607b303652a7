"""The identities that the app has in Azure."""
