"""What a template can say: the facts of one letter in one language, every value a text or a list of texts."""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from m365_restrict.register.case import Channel
from m365_restrict.report.letters.catalogue import Catalogue
from m365_restrict.report.letters.days import day_in_words
from m365_restrict.report.letters.facts import LetterFacts, MissingFact
from m365_restrict.report.letters.kinds import Tongue
from m365_restrict.report.letters.language import Wording
from m365_restrict.report.letters.ombudsman import OMBUDSMEN

ViewValue: TypeAlias = str | tuple[str, ...]


class LetterView:
    """Collects the values of one language; `missing` names those that this language lacks."""

    def __init__(self, facts: LetterFacts, catalogue: Catalogue) -> None:
        self._facts = facts
        self._catalogue = catalogue
        self._tongue = catalogue.tongue
        self.missing: dict[str, MissingFact] = {}

    def values(self) -> Mapping[str, ViewValue]:
        """All values by the names that templates use; dates are in words, absent values are "" or ()."""
        return {**self._head(), **self._policy(), **self._restriction(), **self._contact(), **self._outcome()}

    def _head(self) -> dict[str, ViewValue]:
        facts, council = self._facts, self._facts.council
        return {
            "kind": facts.kind.value,
            "language": self._tongue.value,
            "writes_welsh": "yes" if facts.writes_welsh else "",
            "reference": facts.case_reference,
            "person_name": facts.person_name,
            "person_address": facts.person_address,
            "dated_on": self._day(facts.dated_on),
            "signed_by": facts.signed_by,
            "signatory_title": self._signatory_title(),
            "council": self._say(council.name, "setting …LETTERS__COUNCIL_NAME_CY"),
            "council_address": council.address,
            "telephone": council.telephone,
            "web_form": council.web_form,
            "adjustments_route": self._say(
                council.adjustments_route, "setting …LETTERS__ADJUSTMENTS_ROUTE_CY"
            ),
        }

    def _signatory_title(self) -> str:
        """The council's usual title, or that which the officer wrote into the review."""
        title, usual = self._facts.signatory_title, self._facts.council.signatory_title
        where = (
            "setting …LETTERS__SIGNATORY_TITLE_CY" if title == usual else "column OfficerTitle of the review"
        )
        return self._say(title, where)

    def _policy(self) -> dict[str, ViewValue]:
        facts = self._facts
        ombudsman = OMBUDSMEN[facts.ombudsman]
        days = facts.challenge_working_days
        return {
            "policy": self._say(facts.policy_name, "setting …LETTERS__POLICY_NAME_CY"),
            "policy_url": facts.policy_url,
            "challenge": facts.challenge.value,
            "challenge_days": "" if days is None else str(days),
            "challenge_route": self._say(facts.challenge_route, "the policy profile's notices.cy.challenge"),
            "ombudsman": ombudsman.name.text(self._tongue),
            "ombudsman_website": ombudsman.website.text(self._tongue),
            "ombudsman_telephone": ombudsman.telephone,
        }

    def _restriction(self) -> dict[str, ViewValue]:
        facts = self._facts
        return {
            "measure": facts.measure.value,
            "scope": facts.scope.value,
            "senders": facts.senders,
            "scope_mailboxes": facts.scope_mailboxes,
            "single_contact": facts.single_contact,
            "allowed_recipients": facts.allowed_recipients,
            "grounds": tuple(self._term(ground, "column Grounds") for ground in facts.grounds),
            "warned_on": self._day(facts.warned_on),
            "effective_from": self._day(facts.effective_from),
            "ends_on": self._day(facts.ends_on),
            "next_review_on": self._day(facts.next_review_on),
        }

    def _contact(self) -> dict[str, ViewValue]:
        facts = self._facts
        return {
            "route": self._say(facts.route, "column RouteText"),
            "channels": facts.channels,
            "post": Channel.POST.value,
            "no_channel_reason": self._say(facts.no_channel_reason, "column NoChannelReason"),
            "councillor_route": "" if facts.councillor_route is None else facts.councillor_route.value,
            "ward_councillors": facts.ward_councillors,
            "service_route": self._say(facts.service_route, "setting …LETTERS__SERVICE_ROUTE_CY"),
            "complaint_route": self._say(facts.complaint_route, "setting …LETTERS__COMPLAINT_ROUTE_CY"),
        }

    def _outcome(self) -> dict[str, ViewValue]:
        review, ended_on = self._facts.review, self._facts.ended_on
        considerations = Wording() if review is None else review.considerations
        return {
            "outcome": "" if review is None else review.outcome.value,
            "decided_on": self._day(review.decided_on if review else None),
            "is_challenge": "yes" if review is not None and review.is_challenge else "",
            "considerations": self._say(considerations, "column Considerations"),
            "ended_on": self._day(ended_on),
        }

    def _day(self, day: date | None) -> str:
        return "" if day is None else day_in_words(day, self._tongue)

    def _term(self, wording: Wording, where: str) -> str:
        """A value that the form offers, as the catalogue words it within a letter."""
        offered = "" if wording.cy else self._catalogue.find(wording.en)
        return offered or self._say(wording, where)

    def _say(self, wording: Wording, where: str) -> str:
        """A text of the council or of an officer; Welsh also from the catalogue, by its English."""
        text = wording.text(self._tongue)
        if not text and self._tongue is Tongue.WELSH:
            text = self._catalogue.find(wording.en) or ""
        if not text and (wording.en or wording.cy):
            # The other language has it, so the letter would say it: leaving it out would say less.
            place = where.replace("…", "M365_RESTRICT_")
            self.missing.setdefault(place, MissingFact(f"{self._tongue.own_name} wording", place))
        return text
