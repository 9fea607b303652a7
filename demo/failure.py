"""The error with which the demo ends when a promise is not kept."""


class DemoFailedError(Exception):
    """Something is not as the demo promises; the text says what, and is shown as it is."""
