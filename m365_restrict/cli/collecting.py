"""How often Python looks for objects that refer to each other and to nothing else."""

import gc

_NEW_OBJECTS = 50_000


def collect_seldom() -> None:
    """Look after 50,000 new objects in place of 700; for a process of our own, as it begins.

    Loading a thousand modules makes objects that all stay: looking through them, again and again, finds
    nothing and takes a seventh of a run's time. What is found later is a few megabytes.
    """
    gc.set_threshold(_NEW_OBJECTS, 10, 10)
