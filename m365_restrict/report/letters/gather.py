"""From a case, the policy and the council's settings to the facts of a letter, or to what is missing."""

from datetime import date

from m365_restrict.policy.life import life_rules
from m365_restrict.policy.profile import NoticeTexts, PolicyLanguage, Profile
from m365_restrict.policy.review_days import next_review_day
from m365_restrict.register.case import Channel, CouncillorRoute, Measure, Scope
from m365_restrict.register.columns import RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.report.letters.codes import LetterCode
from m365_restrict.report.letters.council import Council
from m365_restrict.report.letters.facts import (
    CaseSource,
    LetterFacts,
    LetterRefused,
    MissingFact,
    ReviewFacts,
    ReviewSource,
    refused,
)
from m365_restrict.report.letters.kinds import LetterKind
from m365_restrict.report.letters.language import Wording, read_wording

_RESTRICTS = frozenset({LetterKind.DECISION, LetterKind.REMINDER})
_CHALLENGES = frozenset({ReviewKind.REPRESENTATION, ReviewKind.APPEAL, ReviewKind.REQUEST_TO_LIFT})
_ENDS = frozenset({Outcome.LIFT, Outcome.UPHELD})
_NEEDS_CONTACT = frozenset(measure for measure in Measure if measure.needs_single_contact) | {
    Measure.REQUESTED
}


def letter_facts(
    kind: LetterKind, source: CaseSource, profile: Profile, council: Council
) -> LetterFacts | LetterRefused:
    """The facts of one letter, or everything that is missing and the column or setting it belongs in."""
    return _Gatherer(kind, source, profile, council).gather()


class _Gatherer:
    """Collects what is missing on the way, so that one refusal names all of it."""

    def __init__(self, kind: LetterKind, source: CaseSource, profile: Profile, council: Council) -> None:
        self._kind = kind
        self._source = source
        self._profile = profile
        self._council = council
        self._missing: dict[str, MissingFact] = {}

    def gather(self) -> LetterFacts | LetterRefused:
        self._check_person()
        self._check_council()
        review = self._review(self._source.review) if self._kind is LetterKind.REVIEW else None
        still_restricted = self._kind in _RESTRICTS or (review is not None and review.ends_on is not None)
        if still_restricted:
            self._check_restriction()
        if self._kind is LetterKind.DECISION:
            self._check_decision()
        if self._kind is LetterKind.LIFT and self._source.ended_on is None:
            self._lack("the day on which the restriction ended", _column("EndsOn"))
        facts = self._facts(review)
        if not self._missing:
            return facts
        code = LetterCode.FACTS_MISSING
        if self._kind is LetterKind.REVIEW and review is None:
            code = LetterCode.REVIEW_NOT_DECIDED
        return refused(code, tuple(self._missing.values()))

    def _facts(self, review: ReviewFacts | None) -> LetterFacts:
        source, protected, other = self._source, self._source.case.protected, self._source.case.other
        return LetterFacts(
            kind=self._kind,
            case_reference=source.case.reference,
            person_name=_one_line(source.person.get("PersonName", "")),
            person_address=_lines(source.person.get("ContactDetails", "")),
            dated_on=source.dated_on,
            signed_by=_one_line(source.signed_by),
            signatory_title=self._signatory_title,
            council=self._council,
            policy_name=self._policy_name,
            policy_url=self._policy_url,
            ombudsman=self._profile.ombudsman,
            challenge=self._profile.challenge,
            challenge_working_days=self._profile.challenge_working_days,
            challenge_route=self._notice("challenge"),
            service_route=_either(self._council.service_route, self._notice("services")),
            complaint_route=_either(self._council.complaint_route, self._notice("complaints")),
            writes_welsh=PolicyLanguage.WELSH in self._profile.languages,
            measure=protected.measure,
            scope=protected.scope,
            senders=protected.addresses,
            scope_mailboxes=protected.scope_mailboxes,
            single_contact=protected.spoc_mailbox,
            allowed_recipients=protected.allowed_recipients,
            route=_either(read_wording(other.route_text), self._notice("route")),
            channels=tuple(channel.value for channel in other.channels_open),
            no_channel_reason=read_wording(other.no_channel_reason),
            grounds=tuple(read_wording(ground) for ground in other.grounds),
            warned_on=other.warning_given_on,
            councillor_route=protected.councillor_route,
            ward_councillors=source.ward_councillors,
            effective_from=protected.effective_from,
            ends_on=review.ends_on if review else protected.ends_on,
            next_review_on=self._next_review_on,
            review=review,
            ended_on=source.ended_on,
        )

    @property
    def _signatory_title(self) -> Wording:
        return _either(read_wording(self._source.signatory_title), self._council.signatory_title)

    @property
    def _next_review_on(self) -> date | None:
        """The day on the item, or the one that the tool is to fill in there; after a review, the next one.

        A day that is past is no promise: the letter leaves the sentence out.
        """
        source, profile = self._source, self._profile
        day = source.case.other.next_review_on
        if source.reviews or (day is None and profile.review_months):
            rules = life_rules(profile)
            day = next_review_day(
                source.case, decided_on=source.decided_on, reviews=source.reviews, rules=rules
            )
        return day if day is not None and day >= source.dated_on else None

    @property
    def _policy_name(self) -> Wording:
        return _either(self._council.policy_name, Wording(en=self._profile.document.name))

    @property
    def _policy_url(self) -> str:
        return self._council.policy_url or self._profile.document.url

    def _notice(self, name: str) -> Wording:
        """A text of the policy profile in both languages."""
        texts = {
            language: str(getattr(self._profile.notices.get(language, NoticeTexts()), name))
            for language in PolicyLanguage
        }
        return Wording(en=texts[PolicyLanguage.ENGLISH], cy=texts[PolicyLanguage.WELSH])

    def _check_person(self) -> None:
        person = self._source.person
        for name in sorted(RESTRICTED_CONTACTS.personal):
            if not person.get(name, "").strip():
                self._lack("whom the letter is to", _column(name))
        if not self._source.signed_by.strip():
            self._lack("the name of the officer who approved", "the account that saved Status Approved")

    def _check_council(self) -> None:
        council = self._council
        self._want(council.name.en, "the council's name", _setting("COUNCIL_NAME"))
        self._want(council.address, "the council's postal address", _setting("ADDRESS"))
        self._want(self._signatory_title.en, "the signing officer's job title", _setting("SIGNATORY_TITLE"))
        self._want(self._policy_name.en, "the name of the policy", _setting("POLICY_NAME"))
        self._want(self._policy_url, "where the policy is published", _setting("POLICY_URL"))
        adjustments = council.adjustments_route.en
        self._want(adjustments, "how to ask for an adjustment", _setting("ADJUSTMENTS_ROUTE"))
        services = _either(council.service_route, self._notice("services")).en
        self._want(services, "how to ask for a service", _setting("SERVICE_ROUTE"))
        complaints = _either(council.complaint_route, self._notice("complaints")).en
        self._want(complaints, "how to make a new complaint", _setting("COMPLAINT_ROUTE"))

    def _check_restriction(self) -> None:
        """What a letter must say of a restriction that goes on: who, how, when and how long."""
        protected, other = self._source.case.protected, self._source.case.other
        if protected.measure.acts_on_mail:
            self._want(protected.addresses, "whose e-mail it is about", _column("Addresses"))
        if protected.measure in _NEEDS_CONTACT:
            self._want(protected.spoc_mailbox, "the single contact", _column("SpocMailbox"))
        if protected.scope is Scope.NAMED:
            self._want(protected.scope_mailboxes, "which mailboxes", _column("ScopeMailboxes"))
        self._want(protected.effective_from, "the first day", _column("EffectiveFrom"))
        self._want(protected.ends_on, "the last day", _column("EndsOn"))
        self._want(protected.councillor_route, "contact with councillors", _column("CouncillorRoute"))
        if protected.councillor_route is CouncillorRoute.ALTERNATIVE:
            self._want(self._source.ward_councillors, "the councillors concerned", _column("WardCouncillors"))
        self._check_channels(other.channels_open, other.no_channel_reason)

    def _check_channels(self, channels: tuple[Channel, ...], no_channel_reason: str) -> None:
        if not channels:
            self._want(no_channel_reason, "the ways of contact that stay open", _column("ChannelsOpen"))
        if Channel.TELEPHONE in channels:
            self._want(self._council.telephone, "the telephone number", _setting("TELEPHONE"))
        if Channel.WEB_FORM in channels:
            self._want(self._council.web_form, "the address of the web form", _setting("WEB_FORM"))
        if Channel.EMAIL_SPOC in channels:
            contact = self._source.case.protected.spoc_mailbox
            self._want(contact, "the single contact", _column("SpocMailbox"))

    def _check_decision(self) -> None:
        other = self._source.case.other
        self._want(other.grounds, "why", _column("Grounds"))
        self._want(self._next_review_on, "when it is reviewed", _column("NextReviewOn"))

    def _review(self, review: ReviewSource | None) -> ReviewFacts | None:
        if review is None or review.outcome is None or review.outcome is Outcome.PENDING:
            self._lack("the outcome of a review", _review_column("Outcome"))
            return None
        considerations = read_wording(review.considerations)
        self._want(considerations.en, "what was considered", _review_column("Considerations"))
        self._want(review.decided_on, "the day of the outcome", _review_column("DecidedOn"))
        ends_on = self._source.case.protected.ends_on
        if review.outcome is Outcome.EXTEND:
            self._want(review.new_ends_on, "the new last day", _review_column("NewEndsOn"))
            ends_on = review.new_ends_on
        return ReviewFacts(
            is_challenge=review.kind in _CHALLENGES,
            outcome=review.outcome,
            decided_on=review.decided_on or self._source.dated_on,
            considerations=considerations,
            ends_on=None if review.outcome in _ENDS else ends_on,
        )

    def _want(self, value: object, what: str, where: str) -> None:
        if not value:
            self._lack(what, where)

    def _lack(self, what: str, where: str) -> None:
        self._missing.setdefault(where, MissingFact(what, where))


def _either(first: Wording, second: Wording) -> Wording:
    """The first wording, each language that it lacks from the second only where it is empty altogether.

    Two languages of one letter must not name different routes.
    """
    return first if first.en or first.cy else second


def _column(name: str) -> str:
    return f"column {name} ({RESTRICTED_CONTACTS.column(name).display_name})"


def _review_column(name: str) -> str:
    return f"column {name} ({REVIEWS.column(name).display_name}) of {REVIEWS.title}"


def _setting(name: str) -> str:
    return f"setting M365_RESTRICT_LETTERS__{name}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in (_one_line(raw) for raw in text.splitlines()) if line)
