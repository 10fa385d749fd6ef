"""What contracts.md 3 says of a document's JSON must hold of its text and of the exit code.

It reads the JSON and the text, and nothing of what made them.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]

STATUSES = {0: "in_step", 2: "differences", 3: "refused", 4: "partial"}
FIRST_OF = (1, 5, 6, 7, 3, 4, 2)
OF_ERRORS = {
    "settings-invalid": 5, "sign-in-failed": 5, "permission-missing": 5, "lease-held": 6,
    "source-incomplete": 7, "plan-changed": 3, "approval-needed": 3, "override-refused": 3,
}  # fmt: skip
DIFFERENT = {"pending", "drifted", "both", "missing", "orphan"}
DOUBTED = {"source-empty", "source-shrunken"}
UNTESTED = {"rule-test-failed", "rule-tests-unusable"}
LIVE = {
    "in_step": "in step", "differs": "differs", "missing": "missing", "unknown": "unknown",
    "not_on_mail": "in force without a mail rule",
}  # fmt: skip


def exit_code_of(document: Json) -> int:
    """What contracts.md 3 has a run end with that found and did what the document tells."""
    codes = {4} if document["unknown"] else set()
    error = document["error"]
    if error is not None:
        begun = error["code"] == "stopped" and document.get("plan_id")
        codes.add(4 if begun else OF_ERRORS.get(error["code"], 1))
    guards = {one["code"] for one in document.get("guards", ())}
    findings = document.get("findings", ())
    codes |= {3} if guards & (DOUBTED | UNTESTED) or {one["code"] for one in findings} & DOUBTED else set()
    codes |= {one for change in document.get("changes", ()) for one in after(change)}
    codes |= {2 for one in findings if is_different(one)}
    codes |= {3 for one in document.get("cases", ()) if one["status"] == "refused"}
    return next((code for code in FIRST_OF if code in codes), 0)


def after(change: Json) -> set[int]:
    """What follows from what became of one change."""
    if change["outcome"] == "skipped":
        if change["waived"] or "stopped the run before" in change["reason"]:
            return set()
        return {2} if change["reason"].startswith("waiting for hand") else {3}
    return {"planned": {2}, "failed": {4}, "applied": set[int]()}[change["outcome"]]


def is_different(finding: Json) -> bool:
    if finding["waived"]:
        return False
    return finding["class"] in DIFFERENT or (
        finding["class"] == "foreign_effect" and finding["severity"] != "low"
    )


def agrees(document: Json, text: str, code: int) -> None:
    """The exit code follows from the JSON, and so do the last line of the text and all that it names."""
    assert (document["exit_code"], document["status"]) == (code, STATUSES.get(code, "failed"))
    assert code == exit_code_of(document)
    lines = text.splitlines()
    assert lines[-1].startswith(f"Status: {document['status']} (exit code {code}): ")
    assert sum(line.startswith("Status: ") for line in lines) == 1
    named = [line for line in lines if line.startswith("! unknown: ")]
    assert Counter(named) == Counter(
        f"! unknown: {one['scope']}: {one['reason']}" for one in document["unknown"]
    )
    if document["error"] is not None:
        error = document["error"]
        assert f"! error {error['code']}: {error['message']}" in lines
        assert f"  Next step: {error['advice']}" in lines
    if document["source"]["complete"]:
        (read,) = re.findall(r"^Register: (no|\d+) items?, read whole", text, re.MULTILINE)
        assert number(read) == document["source"]["items"]
    if document["error"] is not None and not document.get("plan_id") and not document["source"]["complete"]:
        assert not [line for line in lines if line.startswith(("+", "~", "- "))]
        return
    for key, agree in (("changes", plan_agrees), ("findings", drift_agrees), ("cases", validate_agrees)):
        if key in document:
            agree(document, lines)


def number(word: str) -> int:
    return 0 if word in {"no", "none", ""} else int(word.replace(",", ""))


def told(line: str, pattern: str) -> int:
    """The one number that a sentence has where the pattern says; a part that is not there says none."""
    found = re.findall(rf"(?i)\b(no|none|\d+) {pattern}", line)
    assert len(found) <= 1, (line, pattern)
    return number(found[0].lower()) if found else 0


CHANGE = re.compile(
    r"[+~-] (create|update|delete) (transport rule|inbox rule) (?:'(.*)'|\"(.*)\")"
    r"(?: in (.+?))? \(([^()]*)\)"
)


def change_told(line: str) -> tuple[Any, ...]:
    found = CHANGE.fullmatch(line)
    assert found, line
    action, kind, plain, quoted, where, about = found.groups()
    return action, kind, plain or quoted, where or "", about


def change_meant(change: Json) -> tuple[Any, ...]:
    mailbox = change["mailbox"]
    where = f"councillor mailbox no. {mailbox}" if isinstance(mailbox, int) else mailbox
    outcome = "" if change["outcome"] == "planned" else change["outcome"]
    about = [change["class"].replace("_", " "), change["case_ref"], outcome]
    return (
        change["action"],
        change["kind"].replace("_", " "),
        change["name"],
        where,
        ", ".join(one for one in about if one),
    )


def plan_agrees(document: Json, lines: Sequence[str]) -> None:
    headline_agrees(document, lines[0])
    marked = [line for line in lines if re.match(r"[+~-] (create|update|delete) ", line)]
    assert Counter(map(change_told, marked)) == Counter(map(change_meant, document["changes"]))
    for change in document["changes"]:
        assert f"  {change['effect']}" in lines
        mark = "=" if change["outcome"] == "applied" else "!"
        assert not change["reason"] or f"  {mark} {change['reason']}" in lines
    refused = [line for line in lines if re.match(r"! \S+ is not enforced: ", line)]
    assert Counter(refused) == Counter(
        f"! {one['case_ref']} is not enforced: {one['message']} ({one['code']})"
        + (f" [{', '.join(one['policy_refs'])}]" if one["policy_refs"] else "")
        for one in document["refused"]
    )
    guards = [line for line in lines if line.startswith("! guard ")]
    assert Counter(guards) == Counter(
        f"! guard {one['code']}: {one['message']}" for one in document["guards"]
    )
    ways = [line for line in lines if line.startswith("  To go on all the same: ")]
    assert len(ways) == sum(bool(one["override"]) for one in document["guards"])
    whole = "\n".join(lines)
    for test in document["failed_tests"]:
        assert f"'{test['name']}' ({test['place']})" in whole
    for one in document["overrides"]:
        assert f"! override of {one['code']} until {one['until']}" in whole
    settling = [line for line in lines if line.startswith("Settling: ")]
    assert len(settling) == len(document["settling"])
    for one in document["settling"]:
        assert any(
            one["name"] in line and one["case_ref"] in line and one["until"] in line for line in settling
        )
    room_agrees(document["headroom"], [line for line in lines if line.startswith("Head-room: ")])
    assert (f"Plan id: {document['plan_id']}" in lines) == bool(document["plan_id"])
    if document["script"]:
        assert document["script"]["file"] in whole
        assert document["script"]["sha256"] in whole


def room_agrees(room: Json | None, lines: Sequence[str]) -> None:
    assert len(lines) == (room is not None)
    for line in lines:
        assert room is not None
        found = re.match(r"Head-room: (\S+)(?: \((\S+) with this plan\))? of (\S+) transport rules", line)
        assert found, line
        used, planned, limit = (number(one) for one in (found[1], found[2] or found[1], found[3]))
        assert {"used": used, "planned": planned, "limit": limit} == room["rules"]


def headline_agrees(document: Json, line: str) -> None:
    outcomes = Counter("waived" if one["waived"] else one["outcome"] for one in document["changes"])
    held = r"changes? (?:waiting for a hand or )?held back"
    said = {
        "planned": told(line, r"changes? to make"),
        "applied": told(line, r"changes? made"),
        "failed": told(line, r"changes? failed"),
        "skipped": told(line, held) or told(line, "changes? waiting for a hand or held back"),
        "waived": told(line, r"differences? accepted"),
    }
    assert {name: count for name, count in said.items() if count} == dict(outcomes)
    assert told(line, r"cases? refused") == len({one["case_ref"] for one in document["refused"]})
    assert told(line, r"councillor choices? live") == document["choices"]["live"]
    (choices,) = re.findall(r"live, (none|\d+) refused", line)
    assert number(choices) == document["choices"]["refused"]
    tests = re.findall(r"(\d+|[nN]o) rule tests? passed, (none|\d+) failed", line)
    counts = document["tests"]
    assert [tuple(map(number, map(str.lower, one))) for one in tests] == (
        [(counts["passed"], counts["failed"])] if any(counts.values()) else []
    )


FINDING = re.compile(
    r"[!=] (critical|high|medium|low): ([a-z ]+?)(?: '(.*)'| \"(.*)\")?(?: in .+?)?"
    r"(?: of case (\S+))? \(([a-z-]+)\)"
)


def finding_told(line: str) -> tuple[Any, ...]:
    found = FINDING.fullmatch(line)
    assert found, line
    severity, class_, plain, quoted, case, code = found.groups()
    return line[0] == "=", severity, class_, plain or quoted or "", case, code


def finding_meant(one: Json) -> tuple[Any, ...]:
    class_ = one["class"].replace("_", " ")
    return bool(one["waived"]), one["severity"], class_, one["rule"], one["case_ref"], one["code"]


def drift_agrees(document: Json, lines: Sequence[str]) -> None:
    findings, live, summary = document["findings"], document["live"], document["summary"]
    states = Counter(one["state"] for one in live)
    assert summary == {
        "live": len(live),
        "enforced": states["in_step"],
        "differing": states["differs"] + states["missing"],
        "unknown": states["unknown"],
        "orphans": sum(one["class"] == "orphan" for one in findings),
    }
    line = lines[0]
    assert told(line, "cases? in force") == summary["live"]
    assert told(line, "in step") == summary["enforced"]
    assert told(line, "differing") == summary["differing"]
    assert told(line, "unknown") == summary["unknown"]
    assert told(line, "orphaned rules?") == summary["orphans"]
    assert told(line, "findings?") == len(findings)
    assert told(line, "of them accepted as they are") == sum(bool(one["waived"]) for one in findings)
    marked = [line for line in lines if re.match(r"[!=] (critical|high|medium|low): ", line)]
    assert Counter(map(finding_told, marked)) == Counter(map(finding_meant, findings))
    ids = [one for line in lines for one in re.findall(r"; finding ([0-9a-f]{10})$", line)]
    assert Counter(ids) == Counter(one["id"] for one in findings)
    for one in findings:
        assert f"  {one['message']}" in lines
        waiver = f"(waiver {one['waived']['number']})" if one["waived"] else f"  Next step: {one['action']}"
        assert any(waiver in line for line in lines)
    said = [line for line in lines if re.match(r"\S+: [A-Z]", line) and line.endswith(tuple(LIVE.values()))]
    assert Counter(said) == Counter(map(live_meant, live))


def live_meant(one: Json) -> str:
    until = f" until {one['ends_on']}" if one["ends_on"] else ""
    review = f", next review {one['next_review_on']}" if one["next_review_on"] else ""
    return f"{one['case_ref']}: {one['measure']}{until}{review}: {LIVE[one['state']]}"


def validate_agrees(document: Json, lines: Sequence[str]) -> None:
    cases, line = document["cases"], lines[0]
    statuses = Counter(one["status"] for one in cases)
    assert document["summary"] == {name: statuses[name] for name in ("accepted", "refused", "draft", "ended")}
    assert told(line, "cases? accepted") == statuses["accepted"]
    assert re.findall(r"accepted; (none|\d+) refused;", line) == [str(statuses["refused"] or "none")]
    assert told(line, "drafts?") == statuses["draft"]
    assert told(line, "ended") == statuses["ended"]
    assert told(line, r"councillor choices? live") == document["choices"]["live"]
    assert re.findall(r"live, (none|\d+) refused", line) == [str(document["choices"]["refused"] or "none")]
    named = [re.findall(r"^(?:! )?(\S+) \(item (\S+)\): (\w+)", one) for one in lines]
    assert Counter(one for found in named for one in found) == Counter(
        (one["case_ref"], one["item_id"], one["status"]) for one in cases
    )
    for mark, key in (("missing or wrong", "refusals"), ("warning", "warnings")):
        said = [one for one in lines if one.startswith(f"  {mark}: ")]
        assert Counter(said) == Counter(f"  {mark}: {checked(one)}" for case in cases for one in case[key])
    refused = [one for one in lines if one.startswith("! choice, item ")]
    assert Counter(refused) == Counter(
        f"! choice, item {one['item_id']}, refused: {one['message']} ({one['code']})"
        for one in document["refused_choices"]
    )
    weak = [one for one in lines if one.startswith("The policy itself: ")]
    assert Counter(weak) == Counter(
        f"The policy itself: {one['message']} ({one['code']})" for one in document["policy_warnings"]
    )


def checked(one: Json) -> str:
    refs = f" [{', '.join(one['policy_refs'])}]" if one["policy_refs"] else ""
    return f"{one['message']} ({one['code']}){refs}"


def summary_agrees(document: Json, text: str) -> None:
    """No number on the one screen that sums up a long plan is another than the JSON's."""
    lines = re.sub(r"\n +", " ", text).splitlines()
    if "…" not in lines[0]:
        headline_agrees(document, lines[0])
    changes = [one for one in document["changes"] if not one["waived"]]
    actions = {"create": "rules to make", "update": "rules to change", "delete": "rules to remove"}
    counts = {
        "Changes: ": Counter(actions[one["action"]] for one in changes),
        "Why: ": Counter(one["class"].replace("_", " ") for one in changes),
        "Measures: ": Counter(measure_of(one) for one in changes),
    }
    for start, expected in counts.items():
        for line in [one for one in lines if one.startswith(start)]:
            said = {word: int(count) for count, word in re.findall(r"(\d+) ([^\d,.…]+)(?=[,.])", line)}
            assert said.items() <= expected.items(), (line, expected)
            assert "…" in line or len(said) == len(expected)
    guards = Counter(one["code"] for one in document["guards"])
    for code, more in re.findall(
        r"^! guard (\S+?)(?: \(and (\d+) more\))?: ", "\n".join(lines), re.MULTILINE
    ):
        assert guards[code] == number(more) + 1
    numbers = {
        r"^! failed: (\d+) changes?": sum(one["outcome"] == "failed" for one in changes),
        r"^! (\d+) cases? not enforced": len({one["case_ref"] for one in document["refused"]}),
        r"^! (\d+) rule tests? of the council fail": len(document["failed_tests"]),
        r"^Settling: (\d+) rules?": len(document["settling"]),
        r"^! unknown: (\d+) more parts": len(document["unknown"]) - 2,
    }
    for pattern, expected_number in numbers.items():
        for count in re.findall(pattern, "\n".join(lines), re.MULTILINE):
            assert int(count) == expected_number, pattern
    room = re.findall(
        r"^Head-room: (\d+) of (\d+) transport rules, (-?\d+) with", "\n".join(lines), re.MULTILINE
    )
    for found in room:
        used = document["headroom"]["rules"]
        assert tuple(map(int, found)) == (used["used"], used["limit"], used["planned"])
    assert any(
        line.startswith(f"Status: {document['status']} (exit code {document['exit_code']})") for line in lines
    )


def measure_of(change: Json) -> str:
    if isinstance(change["mailbox"], int):
        return "councillors' own choices"
    return change["measure"] or "no live case"
