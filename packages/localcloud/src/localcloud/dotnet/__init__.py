"""The ways in which .NET reads what clients send: for the host and for the extension alike."""
