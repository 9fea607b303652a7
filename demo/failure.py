"""The one error of the demo."""


class DemoFailedError(Exception):
    """Something is not as the demo promises; the text says what, and is shown as it is."""
