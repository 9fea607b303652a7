"""The emulator as a server: sockets, routing, the log, the control API."""
