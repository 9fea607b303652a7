"""An emulation of the Durable Functions extension: its task hub, its replay, its HTTP API."""
