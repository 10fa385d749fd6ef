"""Builds a profile from its TOML file. An unknown, missing or wrong key is named with its table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from m365_restrict.codes import CatalogueCode
from m365_restrict.errors import ConfigurationError
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.profile import (
    Challenge,
    ColumnGroups,
    CouncillorRule,
    Nation,
    NoticeTexts,
    Ombudsman,
    PolicyDocument,
    PolicyLanguage,
    Profile,
    ReviewFrom,
    StageRules,
)
from m365_restrict.register.case import Measure, Stage
from m365_restrict.register.columns import RESTRICTED_CONTACTS

_Choice = TypeVar("_Choice", bound=StrEnum)

_DEFAULT_MAX_LIVE_CASES = 200
_STAGE_KEYS = frozenset(
    {
        "quorum",
        "proposer_may_approve",
        "approver_posts",
        "measures",
        "usual_measures",
        "min_months",
        "max_months",
        "required",
        "required_to_refuse",
        "advised",
    }
)
_KEYS = _STAGE_KEYS | {
    "name",
    "nation",
    "ombudsman",
    "languages",
    "stages",
    "grounds",
    "review_months",
    "review_from",
    "outcome_letter_working_days",
    "challenge",
    "challenge_by_another",
    "challenge_working_days",
    "retention_months",
    "councillor_rule",
    "refuse_on",
    "max_live_cases",
    "policy",
    "notices",
    "stage",
}
_POLICY_KEYS = frozenset({"name", "url", "version", "adopted_by", "adopted_on", "review_due"})
_NOTICE_KEYS = frozenset({"route", "services", "complaints", "challenge"})


def profile_from_mapping(data: Mapping[str, object]) -> Profile:
    """Build a profile from a TOML table; ConfigurationError names the unknown, missing or wrong key."""
    table = _Table(data, known=_KEYS)
    stages = table.choices("stages", Stage)
    languages = table.choices("languages", PolicyLanguage)
    general = _stage_rules(table)
    return Profile(
        name=table.text("name"),
        document=_document(table.below("policy", _POLICY_KEYS)),
        nation=table.choice("nation", Nation),
        ombudsman=table.choice("ombudsman", Ombudsman),
        languages=languages,
        notices=_notices(table.below("notices", frozenset(languages)), languages),
        stages=stages,
        general=general,
        by_stage=_by_stage(table, stages, general),
        grounds=table.texts("grounds"),
        review_months=table.count_or_none("review_months"),
        review_from=table.choice("review_from", ReviewFrom),
        outcome_letter_working_days=table.count_or_none("outcome_letter_working_days"),
        challenge=table.choice("challenge", Challenge),
        challenge_by_another=table.truth("challenge_by_another"),
        challenge_working_days=table.count_or_none("challenge_working_days"),
        retention_months=table.count_or_none("retention_months"),
        councillor_rule=table.choice("councillor_rule", CouncillorRule),
        refuse_on=_warning_codes(table),
        max_live_cases=table.number("max_live_cases", least=1)
        if "max_live_cases" in data
        else _DEFAULT_MAX_LIVE_CASES,
    )


def _stage_rules(table: "_Table") -> StageRules:
    measures = table.choices("measures", Measure)
    return StageRules(
        quorum=table.number("quorum", least=1),
        proposer_may_approve=table.truth("proposer_may_approve"),
        approver_posts=table.texts("approver_posts"),
        measures=measures,
        usual_measures=table.choices("usual_measures", Measure) if table.has("usual_measures") else measures,
        min_months=table.count_or_none("min_months"),
        max_months=table.count_or_none("max_months"),
        required=table.columns("required"),
        required_to_refuse=table.columns("required_to_refuse"),
        advised=table.columns("advised"),
    )


def _by_stage(table: "_Table", stages: tuple[Stage, ...], general: StageRules) -> Mapping[Stage, StageRules]:
    """What a stage's table says replaces what the policy says at large, key by key."""
    tables = table.below("stage", frozenset(stages)) if table.has("stage") else None
    found: dict[Stage, StageRules] = {}
    for stage in stages:
        if tables is None or not tables.has(stage):
            found[stage] = general
            continue
        one = tables.below(stage, _STAGE_KEYS)
        found[stage] = _overridden(one, general)
    return found


def _overridden(one: "_Table", general: StageRules) -> StageRules:
    result = general
    if one.has("quorum"):
        result = replace(result, quorum=one.number("quorum", least=1))
    if one.has("proposer_may_approve"):
        result = replace(result, proposer_may_approve=one.truth("proposer_may_approve"))
    if one.has("approver_posts"):
        result = replace(result, approver_posts=one.texts("approver_posts"))
    if one.has("measures"):
        measures = one.choices("measures", Measure)
        result = replace(result, measures=measures, usual_measures=measures)
    if one.has("usual_measures"):
        result = replace(result, usual_measures=one.choices("usual_measures", Measure))
    if one.has("min_months"):
        result = replace(result, min_months=one.count_or_none("min_months"))
    if one.has("max_months"):
        result = replace(result, max_months=one.count_or_none("max_months"))
    return _overridden_columns(one, result)


def _overridden_columns(one: "_Table", result: StageRules) -> StageRules:
    if one.has("required"):
        result = replace(result, required=one.columns("required"))
    if one.has("required_to_refuse"):
        result = replace(result, required_to_refuse=one.columns("required_to_refuse"))
    if one.has("advised"):
        result = replace(result, advised=one.columns("advised"))
    return result


def _document(table: "_Table") -> PolicyDocument:
    return PolicyDocument(
        name=table.optional_text("name"),
        url=table.optional_text("url"),
        version=table.optional_text("version"),
        adopted_by=table.optional_text("adopted_by"),
        adopted_on=table.optional_day("adopted_on"),
        review_due=table.optional_day("review_due"),
    )


def _notices(table: "_Table", languages: tuple[PolicyLanguage, ...]) -> Mapping[PolicyLanguage, NoticeTexts]:
    found: dict[PolicyLanguage, NoticeTexts] = {}
    for language in languages:
        texts = table.below(language, _NOTICE_KEYS)
        found[language] = NoticeTexts(
            route=texts.optional_text("route"),
            services=texts.optional_text("services"),
            complaints=texts.optional_text("complaints"),
            challenge=texts.optional_text("challenge"),
        )
    return found


def _warning_codes(table: "_Table") -> frozenset[CatalogueCode]:
    known: dict[str, CatalogueCode] = {code.value: code for code in WarningCode}
    found: set[CatalogueCode] = set()
    for text in table.texts("refuse_on"):
        if text not in known:
            raise table.wrong("refuse_on", f"made of codes of warnings; {text!r} is none")
        found.add(known[text])
    return frozenset(found)


class _Table:
    """Reads typed values from a TOML table; errors name the key with the tables above it."""

    def __init__(self, data: Mapping[str, object], *, known: frozenset[str], path: str = "") -> None:
        self._data = data
        self._path = path
        unknown = sorted(set(data) - known)
        if unknown:
            raise ConfigurationError(
                f"The policy profile has an unknown key {path + unknown[0]!r}; "
                f"it may have {', '.join(path + name for name in sorted(known))}."
            )

    def has(self, key: str) -> bool:
        return key in self._data

    def below(self, key: str, known: frozenset[str]) -> "_Table":
        value = self._value(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return _Table(value, known=known, path=f"{self._path}{key}.")

    def text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, "a text")
        return value

    def optional_text(self, key: str) -> str:
        value = self._data.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value.strip()

    def optional_day(self, key: str) -> date | None:
        value = self._data.get(key)
        # A TOML date-time is also a date to Python, but a policy is adopted on a day.
        if value is not None and type(value) is not date:
            raise self.wrong(key, "a day such as 2013-03-05, without quotes")
        return value

    def truth(self, key: str) -> bool:
        value = self._value(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def number(self, key: str, *, least: int) -> int:
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(key, f"a whole number of {least} or more")
        return value

    def count_or_none(self, key: str) -> int | None:
        """A number of months or days; 0 where the policy names none."""
        return self.number(key, least=0) or None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def choice(self, key: str, kind: type[_Choice]) -> _Choice:
        return self._chosen(key, self.text(key), kind)

    def choices(self, key: str, kind: type[_Choice]) -> tuple[_Choice, ...]:
        return tuple(self._chosen(key, text, kind) for text in self.texts(key))

    def columns(self, key: str) -> ColumnGroups:
        return tuple(self._group(key, text) for text in self.texts(key))

    def wrong(self, key: str, wanted: str) -> ConfigurationError:
        return ConfigurationError(f"The policy profile's key {self._path + key!r} must be {wanted}.")

    def _group(self, key: str, text: str) -> tuple[str, ...]:
        names = tuple(name.strip() for name in text.split(" or "))
        for name in names:
            if name not in RESTRICTED_CONTACTS.names:
                raise ConfigurationError(
                    f"The policy profile's key {self._path + key!r} names {name!r}, "
                    "which is not a column of the register."
                )
        return names

    def _chosen(self, key: str, text: str, kind: type[_Choice]) -> _Choice:
        try:
            return kind(text)
        except ValueError as error:
            raise self.wrong(key, f"made of these: {', '.join(kind)}") from error

    def _value(self, key: str) -> object:
        if key not in self._data:
            raise ConfigurationError(f"The policy profile lacks the key {self._path + key!r}.")
        return self._data[key]
