"""The ways in: an HTTP request, an event or a tick is parsed strictly, decided, and answered."""
