"""The first and the last line of loading the app: no garbage collections in between.

Loading makes some 70,000 objects, nearly all of which stay as long as the worker does. Collections during it
look at them again and again and free nothing; they were a tenth of what a cold start waits for
(`benchmarks/cold_start.py`). Afterwards what was loaded is set apart, so that later collections need not look at it
either (https://docs.python.org/3/library/gc.html#gc.freeze).
"""

import gc


def loaded() -> None:
    """All is imported: from now on garbage is collected again, of what is made from now on."""
    gc.freeze()
    gc.enable()


gc.disable()
