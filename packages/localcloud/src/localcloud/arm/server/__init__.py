"""The emulator as a server: sockets, the table of contents, the log, the control API."""
