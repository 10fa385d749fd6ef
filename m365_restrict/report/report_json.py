"""The report as JSON: the head of every document, then its parts (contracts.md 3)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from m365_restrict import __version__
from m365_restrict.report.edition import Edition
from m365_restrict.report.json_text import plain_value
from m365_restrict.report.model import Report, ReportFinding, Trends

_OWN = frozenset({"identity", "findings", "trends", "summary"})


def report_to_json(report: Report) -> str:
    """The report as JSON with sorted keys, ending in a newline: equal reports give equal text."""
    return json.dumps(report_to_mapping(report), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def report_to_mapping(report: Report) -> dict[str, Any]:
    """The report as plain JSON values. A public edition has no summary."""
    identity = plain_value(report.identity)
    head = identity.pop("head")
    parts = {one.name: plain_value(getattr(report, one.name)) for one in fields(report)}
    return {
        "schema": report.verb.schema,
        "tool_version": __version__,
        "status": report.head.exit_code.status,
        **head,
        **{name: part for name, part in parts.items() if name not in _OWN},
        "identity": identity | {"applications": _named(report.identity.applications, "role", "client_id")},
        "summary": None if report.edition is Edition.PUBLIC else parts["summary"],
        "findings": [_finding(one) for one in report.findings],
        "trends": _trends(report.trends),
    }


def _finding(one: ReportFinding) -> dict[str, Any]:
    """The keys of a finding of `drift`, and those that a report adds."""
    whole = plain_value(one)
    return {**whole.pop("line"), **whole}


def _trends(trends: Trends) -> dict[str, Any]:
    return {
        "findings": _named(trends.findings, "severity", "points"),
        "mail_by_week": _named(trends.mail_by_week, "name", "points"),
        "live_by_measure": _named(trends.live_by_measure, "measure", "count"),
        "days_to_review": _named(trends.days_to_review, "band", "count"),
    }


def _named(pairs: Iterable[Sequence[object]], *names: str) -> list[dict[str, Any]]:
    return [{name: plain_value(value) for name, value in zip(names, pair, strict=True)} for pair in pairs]
