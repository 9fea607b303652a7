"""The one error of the demo."""


class DemoFailed(Exception):  # noqa: N818 - what happened, for the person who watches
    """Something is not as the demo promises; the text says what, and is shown as it is."""
