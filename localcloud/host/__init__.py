"""An emulation of the Azure Functions host with the Durable Functions extension."""
