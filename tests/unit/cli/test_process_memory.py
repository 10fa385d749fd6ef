"""What a process for many councils does about its memory. Each in a process of its own: it lasts."""

import json
import platform
import subprocess
import sys
from importlib.util import find_spec

import pytest

from m365_restrict.cli.process_memory import FOR_A_RUN

HEAPS = """
import ctypes, json, sys, tempfile, threading
from m365_restrict.cli.process_memory import share_one_heap

library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
library.fdopen.restype, library.fdopen.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_char_p)
library.malloc_info.argtypes = (ctypes.c_int, ctypes.c_void_p)
library.fflush.argtypes = (ctypes.c_void_p,)
told = share_one_heap() if sys.argv[1] == "one" else False
ready = threading.Barrier(9)

def work():
    library.malloc(1000)
    ready.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for one in threads: one.start()
ready.wait()
for one in threads: one.join()
with tempfile.TemporaryFile() as file:
    stream = library.fdopen(file.fileno(), b"w")
    library.malloc_info(0, stream)
    library.fflush(stream)
    file.seek(0)
    print(json.dumps([told, file.read().count(b"<heap nr=")]))
"""
CYCLES = """
import gc, json, sys, weakref
from m365_restrict.cli.process_memory import let_go, load_once

class Part: pass

gc.disable()
load_once(["colorsys"])
frozen = gc.get_freeze_count()
load_once(["chunk_that_is_not_there"])
one = Part()
one.itself, gone = one, weakref.ref(one)
del one
let_go()
print(json.dumps(["colorsys" in sys.modules, frozen > 1000, gone() is None]))
"""


def told(code: str, *arguments: str) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    found: list[object] = json.loads(done.stdout)
    return found


GLIBC = sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc"


@pytest.mark.skipif(not GLIBC, reason="only glibc gives each thread a heap of its own")
def test_threads_share_one_heap_where_the_c_library_can_be_told() -> None:
    own, shared = told(HEAPS, "own"), told(HEAPS, "one")
    assert shared == [True, 1]
    assert int(str(own[1])) > 1


def test_what_is_loaded_is_set_apart_once_and_cycles_of_a_run_are_let_go() -> None:
    assert told(CYCLES) == [True, True, True]


def test_elsewhere_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from m365_restrict.cli import process_memory

    monkeypatch.setattr(process_memory.sys, "platform", "win32")
    assert not process_memory.share_one_heap()


@pytest.mark.parametrize("name", FOR_A_RUN)
def test_what_a_run_needs_is_named_rightly(name: str) -> None:
    assert find_spec(name) is not None
