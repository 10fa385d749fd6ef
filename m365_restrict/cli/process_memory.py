"""The memory of a process in which many councils run, one group after another.

Each council's run lets go of what it read. Two things made the process large all the same: cycles of dead
objects, which Python looks for the more seldom the more modules are loaded; and glibc, which gives each
thread a heap of its own and returns little of it. Neither is touched where one council runs alone.
"""

import ctypes
import gc
import importlib
import sys
import threading
from collections.abc import Iterable

_MOST_HEAPS = -8
"""M_ARENA_MAX of glibc's malloc.h."""
_LOADING = threading.Lock()
_LOADED = threading.Event()

FOR_A_RUN = (
    "m365_restrict.cli.session",
    "m365_restrict.tenant.graph_sdk",
    "m365_restrict.tenant.wire",
    "azure.identity.aio",
)
"""What every run that reads the tenant loads."""


def share_one_heap() -> bool:
    """Let all threads allocate from one heap; whether the C library was told so.

    glibc alone knows the call: musl, macOS and Windows are left as they are. Nothing waits longer for it,
    because Python runs one thread at a time.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    library.mallopt.argtypes, library.mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(library.mallopt(_MOST_HEAPS, 1))


def load_once(modules: Iterable[str]) -> None:
    """Load these before the first run and count them as what stays: nobody need look through them again."""
    with _LOADING:
        if not _LOADED.is_set():
            for name in modules:
                importlib.import_module(name)
            gc.collect()
            gc.freeze()
            _LOADED.set()


def let_go() -> None:
    """Collect what a run that has ended left in cycles; some 20 ms, once what stays is set apart."""
    gc.collect()
