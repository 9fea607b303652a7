"""An emulation of the Azure Functions host: worker, HTTP routes, keys, timers, Event Grid webhook."""
