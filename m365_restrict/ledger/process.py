"""Whether a process on this machine still runs."""

import os
import sys
from pathlib import Path

_STILL_ACTIVE = 259
_QUERY_LIMITED_INFORMATION = 0x1000


def is_running(pid: int) -> bool:
    """Whether the process lives. In doubt yes: a lease is taken over at once only from the surely dead."""
    if sys.platform == "win32":
        return _is_running_on_windows(pid)
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """A killed process that its parent has not collected still answers signals but does no work."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[:1] in (["Z"], ["X"])


def _is_running_on_windows(pid: int) -> bool:
    """Signal 0 would end a process there, so the process is asked for its exit code instead."""
    if sys.platform != "win32":
        return True
    import ctypes  # noqa: PLC0415 - Windows alone

    kernel = ctypes.windll.kernel32
    handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)  # noqa: FBT003 - fixed by Windows
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == _STILL_ACTIVE
