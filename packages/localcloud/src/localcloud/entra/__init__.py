"""Microsoft Entra on one machine: people, their tokens, and App Service's sign-in in front of an app."""
