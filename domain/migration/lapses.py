"""The time that a write has to be sent, and the time after which nothing can still send it.

A run may die between writing down that it is about to send something and sending it. What it intended counts as sent,
but not for good: whoever sends looks at the clock once more right before, and the host ends a function that takes too
long, with its worker.
"""

from datetime import timedelta

FUNCTION_TIMEOUT = timedelta(minutes=10)
"""host.json's `functionTimeout`."""

SEND_WITHIN = timedelta(minutes=2)
"""From the intent to the moment at which the request leaves; what would leave later is not sent."""

ARRIVED_WITHIN = timedelta(minutes=5)
"""For what left in the last moment to arrive and to be seen, and for the clocks of two workers."""

LAPSES_AFTER = FUNCTION_TIMEOUT + ARRIVED_WITHIN
"""From the intent to the moment at which nothing of it can be under way any more."""
