"""A POST whose receiver gets a bounded time in all: one that answers a byte now and then would else never end."""

import queue
import threading
from collections.abc import Mapping

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 8.0, 10.0
# Those to which a receiver still says something, bit by bit.
MOST_HANGING = 8

_places = threading.BoundedSemaphore(MOST_HANGING)


class NoAnswerError(Exception):
    """No answer within the time, or too many receivers that have not answered yet."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post the body, and return the status of the answer, whose own body is not read. Redirects are not followed.
    Raises NoAnswerError after ten seconds, and what the library raises."""
    if not _places.acquire(blocking=False):
        raise NoAnswerError
    answers: queue.SimpleQueue[int | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_status(url, body, headers))
        except Exception as error:  # noqa: BLE001 - it is raised where it was waited for
            answers.put(error)
        finally:
            _places.release()

    # A daemon: nobody waits for it, not even the end of the process.
    threading.Thread(target=ask, name="post", daemon=True).start()
    try:
        answer = answers.get(timeout=TOTAL_SECONDS)
    except queue.Empty:
        raise NoAnswerError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _status(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    import requests

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
