"""How many examples are tried, and a council in memory: a sandbox without HTTP, and plans carried out in it.

Few examples that are always the same, or many in HYPOTHESIS_PROFILE=nightly.
"""

import contextlib
import importlib.util
import io
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import settings

from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Applied, Change, Difference, Observed, Plan, RuleKind
from m365_restrict.plan.difference import difference
from m365_restrict.plan.healing import healing
from m365_restrict.plan.held_since import held_since
from m365_restrict.plan.inherit import followed
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.proof import Proof, ProofGround, prove
from m365_restrict.plan.renamed import Renamed
from m365_restrict.plan.settling import keep_until_settled
from m365_restrict.plan.wanted import DifferenceInput, moved_cases
from m365_restrict.plan.writes import applied_from, cmdlet_parameters, message_rule
from m365_restrict.register.case import (
    Case,
    ItemType,
    Measure,
    OpenFields,
    ProtectedFields,
    Scope,
    Stage,
    Status,
)
from m365_restrict.register.choice import Choice, Handling
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.report.verb import Verb
from m365_restrict.rules.compilation import CompileOptions, Desired, Directory
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.normalise import observe_inbox_rule, observe_transport_rule
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule
from m365_restrict.rules.transport_rule import RuleMode, SenderMatch
from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.sandbox.planting import plant
from m365_restrict.sandbox.seed import read_seed
from m365_restrict.sandbox.store import Store
from m365_restrict.sandbox.tenant import SandboxTenant

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("nightly", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

INSTANCE = "ash-1"
ADMINISTRATOR = Caller(name="E Admin", object_id="", app_id="", cmdlets=None)
STARTED = datetime(2026, 11, 23, 9, tzinfo=UTC)
SHARED = ("contact", "point", "parks", "planning", "safe")
PEOPLE = ("officer", "clerk", "cllr.a", "cllr.b")
COUNCILLORS, TEAM = "councillors@ash.example", "team@ash.example"
MEMBERS = {COUNCILLORS: ("cllr.a", "cllr.b"), TEAM: ("clerk", "planning")}
_GROUP_MEMBERS = {TEAM: frozenset(f"{name}@ash.example" for name in MEMBERS[TEAM])}


@dataclass(frozen=True)
class Decision:
    """What the council decided about one case, in the words of the register."""

    reference: str
    addresses: tuple[str, ...]
    measure: str = "Redirect to single contact"
    scope: tuple[str, ...] = ()
    contact: str = "contact@ash.example"
    allowed: tuple[str, ...] = ()
    opted_in: tuple[str, ...] = ()
    ends_on: date = date(2027, 3, 28)


@dataclass(frozen=True)
class Scene:
    """What a run has found out before it plans."""

    cases: tuple[Case, ...]
    choices: tuple[Choice, ...]
    directory: Directory
    desired: Desired
    observed: Observed
    difference: Difference


@dataclass
class Memory:
    """A council in memory: its Exchange and mailboxes, and what the ledger of the tool would hold.

    `after_write` is called after every single write.
    """

    tenant: SandboxTenant
    options: CompileOptions
    place: Place
    settle: timedelta
    after_write: Callable[[], None] = lambda: None
    applied: dict[str, Applied] = field(default_factory=dict)
    known: dict[str, Decision] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.tenant.clock.now()

    def pass_time(self, minutes: int) -> None:
        self.tenant.clock.set(self.now + timedelta(minutes=minutes))

    def cmdlet(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.tenant.exchange.invoke(name, parameters, ADMINISTRATOR)
        assert answer.status == 200, (name, parameters, answer.body)
        value: list[dict[str, Any]] = json.loads(answer.body)["value"]
        return value

    def transport(self) -> tuple[ObservedTransportRule, ...]:
        return tuple(observe_transport_rule(raw) for raw in self.cmdlet("Get-TransportRule"))

    def inbox(self, mailbox: str) -> tuple[ObservedInboxRule, ...]:
        names = {identifier: name for name, identifier in self._folders(mailbox).items()}
        rules = (
            observe_inbox_rule(raw, mailbox=mailbox, instance_id=INSTANCE, folders=names)
            for raw in self._stored_inbox(mailbox)
        )
        return tuple(rule for rule in rules if rule)

    def observed(self, desired: Desired) -> Observed:
        boxes = {rule.mailbox for rule in desired.inbox}
        boxes |= {one.mailbox for one in self.applied.values() if one.kind is RuleKind.INBOX_RULE}
        return Observed(self.transport(), {box: self.inbox(box) for box in sorted(boxes)})

    def plan(
        self,
        decisions: Sequence[Decision],
        *,
        shuffle: Callable[[list[Any]], None] = lambda _: None,
        unread: frozenset[str] = frozenset(),
        heals: bool = False,
    ) -> tuple[Plan, Proof]:
        """What a run would do now, and how it proves.

        `shuffle` changes the order of what is read; `unread` are mailboxes, or "transport", that did not
        answer.
        """
        scene = self.scene(decisions, shuffle=shuffle, unread=unread, heals=heals)
        plan = build_plan(
            scene.difference, guards=(), observed=scene.observed, source_version="1", place=self.place
        )
        ground = ProofGround(
            cases=scene.cases,
            observed=scene.observed,
            directory=scene.directory,
            desired=scene.desired,
            now=self.now,
            lagging=bool(self.settle),
            moved=moved_cases(scene.desired, list(self.applied.values())) if heals else frozenset(),
        )
        return plan, prove(plan, ground)

    def scene(
        self,
        decisions: Sequence[Decision],
        *,
        shuffle: Callable[[list[Any]], None] = lambda _: None,
        unread: frozenset[str] = frozenset(),
        heals: bool = False,
    ) -> Scene:
        """The same as far as the difference."""
        cases, choices = [_case(one) for one in decisions], list(_choices(decisions))
        directory = _directory()
        applied = list(self.applied.values())
        for entries in (cases, choices, applied):
            shuffle(entries)
        desired = compile_rules(cases, choices, directory, self.options)
        assert not desired.blocked_cases, desired.problems
        observed = _without(self.observed(desired), unread)
        rules, _ = followed(applied, Renamed({}, {}), desired)
        given = self._input(decisions, desired, observed, rules)
        if heals:
            found = healing(given, now=self.now, wait=self.settle)
        else:
            found = keep_until_settled(difference(given), given, now=self.now, wait=self.settle)
        return Scene(tuple(cases), tuple(choices), directory, desired, observed, found)

    def _input(
        self,
        decisions: Sequence[Decision],
        desired: Desired,
        observed: Observed,
        applied: Sequence[Applied],
    ) -> DifferenceInput:
        live = frozenset(one.reference for one in decisions)
        return DifferenceInput(
            desired=desired,
            observed=observed,
            applied=applied,
            instance_id=INSTANCE,
            live_case_refs=live,
            opened_case_refs=frozenset(self.known) - live,
            zone=ZoneInfo("Europe/London"),
            group_members=_GROUP_MEMBERS,
        )

    def apply(self, decisions: Sequence[Decision], *, heals: bool = False) -> tuple[Plan, Proof]:
        """A run that writes: transport rules first, then inbox rules."""
        plan, proof = self.plan(decisions, heals=heals)
        assert proof.failures == (), proof.failures
        self._follow(decisions)
        permitted = proof.permitted(plan)
        for change in sorted(permitted, key=lambda change: change.kind is RuleKind.INBOX_RULE):
            if change.kind is RuleKind.TRANSPORT_RULE:
                self._write_transport(change)
            else:
                self._write_inbox(change)
        for one in plan.difference.takeovers:
            self._remember(one)
        for key in plan.difference.forgotten:
            self.applied.pop(key, None)
        self.known |= {one.reference: one for one in decisions}
        return plan, proof

    def heal(self, decisions: Sequence[Decision]) -> tuple[Plan, Proof]:
        """The same towards what was last applied."""
        return self.apply(decisions, heals=True)

    def _follow(self, decisions: Sequence[Decision]) -> None:
        """As the ledger does before a run writes."""
        cases = [_case(one) for one in decisions]
        desired = compile_rules(cases, list(_choices(decisions)), _directory(), self.options)
        rules, _ = followed(tuple(self.applied.values()), Renamed({}, {}), desired)
        self.applied = {one.key: one for one in rules}

    def _write_transport(self, change: Change) -> None:
        """As `transport_writes` does: disabled first, then enabled; Set on the same Guid; removed."""
        if change.action is Action.DELETE:
            assert isinstance(change.observed, ObservedTransportRule)
            self._run("Remove-TransportRule", Identity=change.observed.guid, Confirm=False)
            self.applied.pop(change.key, None)
            return
        if change.action is Action.CREATE:
            self._run("New-TransportRule", **cmdlet_parameters(change))
        else:
            assert isinstance(change.observed, ObservedTransportRule)
            self._run("Set-TransportRule", Identity=change.observed.guid, **cmdlet_parameters(change))
        assert change.target is not None
        name = change.target["Name"]
        found = next(rule for rule in self.transport() if rule.name == name)
        if not found.enabled:
            self._run("Enable-TransportRule", Identity=name, Mode=change.target["Mode"])
            found = next(rule for rule in self.transport() if rule.name == name)
        assert found.properties == change.target
        self._remember(applied_from(change, found), change)

    def _remember(self, rule: Applied, change: Change | None = None) -> None:
        held = held_since(self.applied.get(rule.key), rule, self.now, change=change)
        self.applied[rule.key] = replace(rule, written_at=self.now, held_since=held)

    def _run(self, name: str, **parameters: Any) -> None:
        self.written.append(str(parameters.get("Identity") or ""))
        self.cmdlet(name, **parameters)
        self.after_write()

    def _write_inbox(self, change: Change) -> None:
        """As Graph does in a mailbox; it acts at once."""
        rules = self._stored_inbox(change.mailbox)
        known = change.observed.rule_id if isinstance(change.observed, ObservedInboxRule) else ""
        rules = [raw for raw in rules if raw["id"] != known]
        if change.action is not Action.DELETE:
            body = message_rule(change, folders=self._folders(change.mailbox))
            known = known or f"rule-{self.tenant.store.next_number('made')}"
            rules.append({"id": known, "hasError": False, "isReadOnly": False, **body})
        self.tenant.store.put("inbox_rules", self._user(change.mailbox), {"rules": rules})
        self.after_write()
        if change.action is Action.DELETE:
            self.applied.pop(change.key, None)
            return
        (found,) = (rule for rule in self.inbox(change.mailbox) if rule.rule_id == known)
        self._remember(applied_from(change, found), change)

    def _user(self, mailbox: str) -> str:
        user = self.tenant.directory.find(mailbox)
        assert user is not None
        return str(user["id"])

    def _stored_inbox(self, mailbox: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = (self.tenant.store.get("inbox_rules", self._user(mailbox)) or {}).get(
            "rules", []
        )
        return rules

    def _folders(self, mailbox: str) -> dict[str, str]:
        stored = self.tenant.store.get("folders", self._user(mailbox)) or {"folders": []}
        return {one["wellKnown"]: one["id"] for one in stored["folders"] if one["wellKnown"]}


def _case(decision: Decision) -> Case:
    measure = Measure(decision.measure)
    contact = decision.contact if measure.needs_single_contact else ""
    return Case(
        item_id=decision.reference,
        reference=decision.reference,
        protected=ProtectedFields(
            item_type=ItemType.PERSON,
            addresses=tuple(sorted(decision.addresses)),
            stage=Stage.NONE,
            measure=measure,
            scope=Scope.NAMED if decision.scope else Scope.WHOLE_COUNCIL,
            scope_mailboxes=decision.scope,
            spoc_mailbox=contact,
            allowed_recipients=decision.allowed,
            councillor_route=None,
            ward_councillors=(),
            effective_from=date(2026, 9, 1),
            ends_on=decision.ends_on,
        ),
        other=OpenFields(status=Status.APPROVED),
    )


def _choices(decisions: Sequence[Decision]) -> Iterator[Choice]:
    numbers = itertools.count(1)
    for decision in decisions:
        for holder in decision.opted_in:
            yield Choice(
                item_id=str(next(numbers)),
                holder=holder,
                sender="",
                case_reference=decision.reference,
                handling=Handling.AS_COUNCIL,
                folder_name="",
                ends_on=date(2027, 1, 31),
                saved=f"{decision.reference} {holder}",
            )


def _without(observed: Observed, unread: frozenset[str]) -> Observed:
    failed = Unknown("a read", "no answer")
    boxes = {box: failed if box in unread else rules for box, rules in observed.inbox.items()}
    return Observed(failed if "transport" in unread else observed.transport, boxes)


def _directory() -> Directory:
    people = {
        f"{name}@ash.example": _recipient(
            name, RecipientKind.SHARED_MAILBOX if name in SHARED else RecipientKind.USER_MAILBOX
        )
        for name in (*SHARED, *PEOPLE)
    }
    people[TEAM] = _recipient("team", RecipientKind.GROUP)
    return Directory(
        recipients=people,
        councillors_group=_recipient("councillors", RecipientKind.GROUP),
        councillor_members=frozenset(f"{name}@ash.example" for name in MEMBERS[COUNCILLORS]),
        protected=(people["safe@ash.example"],),
        group_members=_GROUP_MEMBERS,
    )


def _recipient(name: str, kind: RecipientKind) -> Recipient:
    address = f"{name}@ash.example"
    return Recipient(asked=address, address=address, kind=kind, object_id=name)


def _seed(lags: Sequence[int], foreign: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    users = [{"upn": f"{name}@ash.example", "mailbox": "shared"} for name in SHARED]
    users += [{"upn": f"{name}@ash.example"} for name in PEOPLE]
    return {
        "now": STARTED.isoformat(),
        "tenant": {"accepted_domains": ["ash.example"], "behaviour": {"propagation_lags": list(lags)}},
        "users": users,
        "groups": [
            {"address": address, "members": [f"{name}@ash.example" for name in members]}
            for address, members in MEMBERS.items()
        ],
        "transport_rules": [{"by": "officer@ash.example", "parameters": dict(one)} for one in foreign],
    }


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Callable[..., Memory]]:
    """A council in memory, planted anew at every call."""
    store = Store(tmp_path / "state.db")
    tenant = SandboxTenant.over(store)

    def planted(
        *,
        lags: Sequence[int] = (),
        foreign: Sequence[Mapping[str, Any]] = (),
        most: int = 150,
        patterns: bool = False,
        first: bool = False,
        settle: int = 60,
    ) -> Memory:
        plant(tenant, read_seed(_seed(lags, foreign)), setup_client_id="setup")
        options = CompileOptions(
            instance_id=INSTANCE,
            mode=RuleMode.ENFORCE,
            zone=ZoneInfo("Europe/London"),
            sender_match=SenderMatch.PATTERNS if patterns else SenderMatch.FROM,
            max_senders=most,
        )
        place = Place.FIRST if first else Place.LAST
        return Memory(tenant, options, place, timedelta(minutes=settle))

    yield planted
    store.close()


@dataclass
class Wire:
    """The same council behind HTTP: its register in lists, and the whole tool at work, a verb at a time."""

    sandbox: Any
    client: httpx.Client
    ledger: Path
    after_write: Callable[[], None] = lambda: None
    items: dict[str, str] = field(default_factory=dict)
    choices: dict[tuple[str, str], str] = field(default_factory=dict)
    decided: dict[str, Decision] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    @property
    def tenant(self) -> SandboxTenant:
        tenant: SandboxTenant = self.sandbox.tenant
        return tenant

    @property
    def now(self) -> datetime:
        return self.tenant.clock.now()

    def pass_time(self, minutes: int) -> None:
        self.ask("POST", "clock", {"now": f"{self.now + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"})

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.client.request(method, path, json=body, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def cmdlet(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        asked = {"by": "officer@ash.example", "cmdlet": name, "parameters": parameters}
        found: list[dict[str, Any]] = self.ask("POST", "cmdlet", asked)["value"]
        return found

    def requests(self) -> list[dict[str, Any]]:
        """The requests since the last look that would change a rule."""
        asked = self.ask("GET", "requests")["requests"]
        return [one for one in asked if _writes_rules(one)]

    def run(self, verb: Verb, output: str = "json", **options: Any) -> tuple[int, str]:
        """A verb as the command line runs it: its exit code and what it prints."""
        env = {**self.sandbox.env, "M365_RESTRICT_LEDGER__URL": f"sqlite:///{self.ledger}"}
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = run_verb(Request(verb=verb, output=output, **options), env)
        return code, out.getvalue()

    def decide(self, decisions: Sequence[Decision]) -> None:
        """What officers and the approver save."""
        new = {one.reference: one for one in decisions}
        for reference in self.decided.keys() - new.keys():
            self.edit(reference, by="officer@ash.example", Status="Lifted")
        for reference, decision in new.items():
            if self.decided.get(reference) != decision:
                self.edit(reference, by="officer@ash.example", Status="Proposed", **_fields(decision))
                self.edit(reference, by="director@ash.example", Status="Approved")
        self.choose({(one.reference, holder) for one in decisions for holder in one.opted_in})
        self.decided = new

    def edit(self, reference: str, *, by: str, **fields: Any) -> None:
        path = f"list/Restricted contacts/{self.items.get(reference, '')}".rstrip("/")
        saved = self.ask("POST", path, {"by": by, "fields": {"Title": reference, **fields}})
        self.items.setdefault(reference, str(saved["id"]))

    def choose(self, wanted: set[tuple[str, str]]) -> None:
        for reference, holder in self.choices.keys() - wanted:
            number = self.choices.pop((reference, holder))
            self.ask("DELETE", f"list/Councillor mail choices/{number}", params={"by": holder})
        for reference, holder in wanted - self.choices.keys():
            fields = {"Title": reference, "Handling": "Same as the council", "EndsOn": "2027-01-31"}
            saved = self.ask("POST", "list/Councillor mail choices", {"by": holder, "fields": fields})
            self.choices[reference, holder] = str(saved["id"])

    def apply(self, decisions: Sequence[Decision]) -> dict[str, Any]:
        self.decide(decisions)
        self.requests()
        code, printed = self.run(Verb.APPLY, approve=True)
        document: dict[str, Any] = json.loads(printed)
        assert (code, document["refused"], document["guards"]) == (0, [], []), document
        self.written += [str(one["target"]) for one in self.requests()]
        self.after_write()
        return document

    def heal(self, decisions: Sequence[Decision]) -> None:
        self.decide(decisions)
        code, printed = self.run(Verb.HEAL, approve=True)
        assert code == 0, printed
        self.written += [str(one["target"]) for one in self.requests()]
        self.after_write()

    def plan(self, decisions: Sequence[Decision]) -> tuple["WirePlan", None]:
        assert {one.reference: one for one in decisions} == self.decided
        code, printed = self.run(Verb.PLAN)
        document = json.loads(printed)
        assert code == (2 if document["changes"] else 0), document
        return WirePlan(tuple(document["changes"])), None


@dataclass(frozen=True)
class WirePlan:
    """What plan said."""

    changes: tuple[Any, ...]


def _writes_rules(request: Mapping[str, Any]) -> bool:
    if request["cmdlet"]:
        return not request["cmdlet"].startswith("Get-")
    return request["method"] != "GET" and "messageRules" in request["path"]


def _fields(decision: Decision) -> dict[str, Any]:
    needs_contact = decision.measure not in {"Refuse with notice", "Junk in named mailboxes"}
    same = {"Allowed recipients only": "Redirect to single contact"}
    return {
        "ItemType": "Person", "AddressShared": "No", "EffectiveFrom": "2026-09-07", "ChannelsOpen": ["Post"],
        "CouncillorRoute": "Not affected", "Grounds": ["Volume"], "WarningGivenOn": "2026-07-01",
        "EqualityConsideredOn": "2026-08-20", "LesserMeasuresConsidered": "A warning.",
        "AdjustmentNeedsEmail": "No", "NoticeSentOn": "2026-09-04",
        "Addresses": "\n".join(decision.addresses),
        "Measure": same.get(decision.measure, decision.measure),
        "Scope": "Named mailboxes or services" if decision.scope else "Whole council",
        "ScopeMailboxes": "\n".join(decision.scope),
        "SpocMailbox": decision.contact if needs_contact else "",
        "AllowedRecipients": "\n".join(decision.allowed),
        "EndsOn": decision.ends_on.isoformat(),
    }  # fmt: skip


@pytest.fixture
def wire(sandbox: Any, new_ledger: Callable[[Path], Path], tmp_path: Path) -> Iterator[Callable[..., Wire]]:
    """The council behind HTTP, planted anew at every call."""
    numbers = itertools.count()
    base = f"{sandbox.plain_base}/sandbox/"
    with httpx.Client(base_url=base, trust_env=False, timeout=60) as client:

        def planted(*, lags: Sequence[int] = (), foreign: Sequence[Mapping[str, Any]] = ()) -> Wire:
            seed = _seed(lags, foreign)
            seed["users"].append({"upn": "director@ash.example"})
            lists = ("Restricted contacts", "Restriction reviews", "Councillor mail choices")
            seed["lists"] = {title: {"items": []} for title in lists}
            seed["settings"] = {
                "POLICY__APPROVERS": "director@ash.example",
                "POLICY__COUNCILLORS_GROUP": COUNCILLORS,
                "POLICY__PROTECTED_MAILBOXES": "safe@ash.example",
            }
            # An example that is given up half-way leaves its faults behind.
            client.delete("faults")
            sandbox.seed(seed)
            return Wire(sandbox, client, new_ledger(tmp_path / f"ledger-{next(numbers)}.db"))

        yield planted


def _beside(name: str) -> Any:
    """A module of this folder: tests are no packages, so it cannot be imported."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def document_oracle() -> Any:
    """What judges documents."""
    return _beside("document_oracle")


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Any]:
    """A tenant without HTTP, what plants it, and the whole main path at work on it (`in_memory_run.py`)."""
    module = _beside("in_memory_run")
    store = Store(tmp_path / "state.db")
    tenant = SandboxTenant.over(store)
    yield SimpleNamespace(
        tenant=tenant,
        plant=lambda seed: plant(tenant, read_seed(seed), setup_client_id="setup"),
        apply=lambda env: module.apply_in_memory(tenant, env),
        transport_rules=lambda: module.transport_rules(tenant),
    )
    store.close()


@pytest.fixture(scope="session")
def decision() -> type[Decision]:
    """The words in which tests decide."""
    return Decision
