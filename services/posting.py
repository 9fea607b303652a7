"""A POST whose receiver gets a bounded time in all: one that answers a byte now and then would else never end."""

import logging
import queue
import threading
from collections.abc import Mapping

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 8.0, 10.0
# Posts to one receiver to which it still says something, bit by bit; others have places of their own.
MOST_HANGING = 4

_places: dict[str, threading.BoundedSemaphore] = {}
_placing = threading.Lock()


class NoAnswerError(Exception):
    """No answer within the time, or too many posts to this receiver that it has not answered yet."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post the body, and return the status of the answer, whose own body is not read. Redirects are not followed.
    Raises NoAnswerError after ten seconds, and what the library raises."""
    places = _places_of(url)
    if not places.acquire(blocking=False):
        raise NoAnswerError
    answers: queue.SimpleQueue[int | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_status(url, body, headers))
        except Exception as error:  # noqa: BLE001 - it is raised where it was waited for
            answers.put(error)
        finally:
            places.release()

    # A daemon: nobody waits for it, not even the end of the process.
    threading.Thread(target=ask, name="post", daemon=True).start()
    try:
        answer = answers.get(timeout=TOTAL_SECONDS)
    except queue.Empty:
        raise NoAnswerError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _places_of(url: str) -> threading.BoundedSemaphore:
    with _placing:
        return _places.setdefault(url, threading.BoundedSemaphore(MOST_HANGING))


def _status(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    import requests

    # At DEBUG it writes whole addresses, which are secrets with many receivers.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    asked = requests.post(
        url,
        data=body,
        headers=dict(headers),
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        allow_redirects=False,
        stream=True,
    )
    with asked as answer:
        return answer.status_code
