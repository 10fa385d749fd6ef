"""Which councillor chose what is in no output, and no person's name or address in any rule's name."""

import re
from typing import Any

import pytest

PAT = "pat.person@post.example"
CHOSEN = ["chosen.one@post.example", "chosen.two@post.example", "chosen.three@post.example"]
NAMED = "Named mailboxes or services"


@pytest.fixture
def chosen(council: Any) -> Any:
    """Choices of every kind, two of them refused, beside cases that name other people."""
    a, b, c, d, e, f = council.councillors[6:]
    council.plant(
        council.case("RC-1", Addresses=PAT),
        council.case(
            "RC-2", Measure="Junk in named mailboxes", Scope=NAMED, ScopeMailboxes="planning@ash.example"
        ),
        choices=[
            council.choice(a, f"Chosen <{CHOSEN[0]}>", "Move to folder"),
            council.choice(b, CHOSEN[1], "Category only"),
            council.choice(c, "RC-1", "Same as the council"),
            council.choice(d, "RC-2", "Same as the council"),
            council.choice(e, CHOSEN[2], "Move to folder", FolderName="No such folder"),
            council.choice(f, CHOSEN[2], "Junk Email", OnBehalfOf=a),
        ],
    )
    return council


def tell_tales(council: Any, text: str) -> list[str]:
    """Chosen senders that a text names, and councillors whom it names more or less often than others.

    A case's rule lists every councillor as exempt; that tells nothing about any of them.
    """
    told = text.lower()
    senders = [secret for secret in (*CHOSEN, "chosen <") if secret in told]
    times = {who: told.count(who) for who in council.councillors}
    usual = sorted(times.values())[len(times) // 2]
    return senders + [who for who, often in times.items() if often != usual]


def chosen_lines(answer: Any, key: str) -> list[dict[str, Any]]:
    return [one for one in answer.document[key] if isinstance(one["mailbox"], int)]


def test_no_verb_tells_who_chose_what(chosen: Any) -> None:
    answers = [chosen.run("validate"), chosen.plan(), chosen.drift(), chosen.apply(), chosen.plan()]
    holder = chosen.councillors[6]
    (rule,) = chosen.inbox_rules(holder)
    chosen.holder(holder, "DELETE", f"/me/mailFolders/inbox/messageRules/{rule['id']}")
    chosen.cmdlet("Remove-TransportRule", Identity="RC-1 Redirect to single contact (councillor opted in)")
    chosen.delete(2, title="Councillor mail choices", by=chosen.councillors[7])
    answers += [chosen.drift(), chosen.plan(), chosen.heal(), chosen.apply(), chosen.drift()]
    found = [tell_tales(chosen, answer.stdout + answer.stderr) for answer in answers]
    assert [one for one in found if one] == []


def test_explain_shows_the_same_councillor_whoever_chose(council: Any) -> None:
    first = council.councillors[0]
    choices = [council.choice(first, sender, "Junk Email") for sender in (PAT, CHOSEN[0])]
    choices.append(council.choice(first, "RC-1", "Same as the council"))
    council.in_force(council.case("RC-1", Addresses=PAT), choices=choices)
    for address in (PAT, CHOSEN[0]):
        told = council.run("explain", address=address)
        (copy,) = [one for one in told.document["copies"] if one["recipient"] in council.councillors]
        assert copy["recipient"] == first
        assert (copy["outcome"], copy["folder"], copy["rules"]) == ("delivered", "Inbox", [])


def test_the_same_as_text(chosen: Any) -> None:
    answers = [chosen.run(verb, output="text") for verb in ("validate", "plan", "drift")]
    answers.append(chosen.apply(output="text"))
    told = "".join(answer.stdout + answer.stderr for answer in answers).lower()
    # Long lists are cut short in text, and those who chose come last in them.
    assert "councillor" in told
    assert [secret for secret in (*CHOSEN, *chosen.councillors[6:]) if secret in told] == []


def test_a_choices_mailbox_is_a_number_and_its_fields_are_empty(chosen: Any) -> None:
    planned = chosen.plan()
    lines = chosen_lines(planned, "changes")
    assert len(lines) == 4
    assert all(line["fields"] == [] for line in lines)
    assert len({line["mailbox"] for line in lines}) == 4
    assert [line["mailbox"] for line in chosen_lines(chosen.apply(), "changes")] == [
        line["mailbox"] for line in lines
    ]


def test_a_failed_choice_is_told_without_its_mailbox(chosen: Any) -> None:
    chosen.fault("status", status=400, times=9, method="POST", path_regex="messageRules")
    failed = chosen.apply()
    assert failed.exit_code == 4
    assert tell_tales(chosen, failed.stdout + failed.stderr) == []


def test_an_unreadable_mailbox_is_told_without_its_address(chosen: Any) -> None:
    chosen.fault("status", status=403, times=99, path_regex="mailFolders")
    unread = chosen.plan()
    assert unread.exit_code == 4
    assert tell_tales(chosen, unread.stdout + unread.stderr) == []


def test_a_guard_tells_no_councillor(chosen: Any) -> None:
    chosen.apply()
    chosen.fault("status", status=403, times=99, path_regex="transitiveMembers")
    held = chosen.plan()
    assert tell_tales(chosen, held.stdout + held.stderr) == []


def test_rules_are_named_by_reference_alone(chosen: Any) -> None:
    chosen.apply()
    names = list(chosen.ours())
    for who in (*chosen.councillors, "planning@ash.example"):
        names += [rule["displayName"] for rule in chosen.inbox_rules(who)]
    assert len(names) == 6
    assert not [name for name in names if "@" in name or "person" in name.lower()]
    assert all(len(name) <= 64 for name in chosen.ours())
    comments = [rule["Comments"] for rule in chosen.ours().values()]
    assert not [text for text in comments if "@" in text or "Person" in text]
    assert all(
        re.match(r"Case RC-1, ends \d+ \w+ 20\d\d\. Change it in the register", text) for text in comments
    )


def test_progress_names_no_address(chosen: Any) -> None:
    assert "@" not in chosen.apply().stderr


def test_secrets_are_masked_in_the_settings_shown(chosen: Any) -> None:
    shown = chosen.shell("show-config")
    assert shown.exit_code == 0
    assert chosen.sandbox.env["M365_RESTRICT_AUTH__WRITER__CLIENT_SECRET"] not in shown.stdout
    assert "M365_RESTRICT_RULES__MODE=enforce" in shown.stdout
