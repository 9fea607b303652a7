"""What an HTTP request, an event or a tick does: parse strictly, decide, call, answer."""
