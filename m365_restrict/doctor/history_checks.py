"""Whether an item that looks unchanged has hidden a save from the runs that remember its history.

That a save shows in what an item shows is inferred, and unknown for a list with content approval (graph.md
3.8). So every history is read anew and held against what is remembered of those items that look unchanged.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from m365_restrict.doctor.check import Check, bad, good
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.register.item_history import HistoryMemory, KnownHistory
from m365_restrict.report.text import counted


@dataclass(frozen=True)
class Compared:
    """Of one list: how many items look as they did when they were remembered, and how many hide a save."""

    unchanged: int = 0
    hiding: int = 0


class ComparedHistories:
    """A `HistoryMemory` that remembers nothing itself: it compares what is read with another's memory."""

    def __init__(self, memory: HistoryMemory, *, in_use: bool) -> None:
        """`memory` is the runs' own and is only asked; `in_use` says whether the settings let them use it."""
        self._memory = memory
        self._in_use = in_use
        self._lists: dict[str, Compared] = {}

    def recall(self, _list_id: str) -> Mapping[str, KnownHistory]:
        """Nothing, so that every history is read from the service."""
        return {}

    def keep(self, list_id: str, read: Mapping[str, KnownHistory], *, present: Collection[str]) -> None:
        """Compare what was read. An older version that is gone hides nothing: it was read before."""
        known = self._memory.recall(list_id)
        same = [key for key in present if key in known and key in read and known[key].seen == read[key].seen]
        hiding = [key for key in same if _numbers(read[key]) - _numbers(known[key])]
        self._lists[list_id] = Compared(len(same), len(hiding))

    def check(self, list_id: str, title: str) -> Check:
        """What the comparison of one list says. It names no item: a choice tells who made it."""
        found = self._lists.get(list_id, Compared())
        code = CheckCode.REMEMBERED_HISTORIES
        if not self._in_use:
            return good(code, title, "Every run reads its histories anew (REGISTER__REMEMBER_HISTORIES).")
        if found.hiding:
            many = counted(found.hiding, "item")
            return bad(code, title, f"{many} looked unchanged and had been saved: runs have not seen that.")
        if not found.unchanged:
            return good(code, title, "Nothing is remembered of it, so nothing is hidden.")
        many = counted(found.unchanged, "item")
        return good(code, title, f"{many} looked unchanged, and none hid a save from the runs.")


def _numbers(history: KnownHistory) -> set[str]:
    return {str(one["id"]) for one in history.versions}
