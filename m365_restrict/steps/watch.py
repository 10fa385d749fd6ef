"""The step of `drift` that reads what stands beside the rules: who changed one, and what became of mail.

Nothing here fails or stops a run. What is not granted, not answered in time or not readable becomes a
`NotCovered` with its next step. All is asked through `run.readers`, so that a replay asks the same.
"""

from collections.abc import Sequence
from dataclasses import replace

from m365_restrict.auditing.audit_lines import who_changed
from m365_restrict.auditing.second_opinion import second_opinion
from m365_restrict.findings.drift_findings import drift_findings, with_watched
from m365_restrict.mail_watch.contacts import watch_contacts
from m365_restrict.mail_watch.watch import watch_mail
from m365_restrict.plan.change import Finding
from m365_restrict.report.verb import Verb
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.watched import Watched


async def watch(run: Run, result: Found) -> Found:
    """What `drift` tells of, with what is read beside the rules; every other verb reads nothing here.

    1. who changed what differs
    2. whether the second view of the transport rules agrees
    3. what became of mail, and whether the single contacts read theirs
    """
    planned = result.planned
    if run.verb is not Verb.DRIFT or planned is None:
        return result
    findings = drift_findings(run, result, planned)
    watched = await _who_changed_it(run, findings, planned)  # 1
    watched = await _second_view(run, planned, watched)  # 2
    watched = await _mail(run, result, planned, watched)  # 3
    return replace(result, watched=watched, findings=with_watched(run, planned, findings, watched))


async def _who_changed_it(run: Run, findings: Sequence[Finding], planned: Planned) -> Watched:
    found = await who_changed(run, findings, planned.observed)
    return Watched(actors=found.actors, not_covered=found.not_covered)


async def _second_view(run: Run, planned: Planned, watched: Watched) -> Watched:
    found = await second_opinion(run, planned)
    return replace(
        watched,
        findings=(*watched.findings, *found.findings),
        not_covered=(*watched.not_covered, *found.not_covered),
        unseen=watched.unseen | found.unseen,
    )


async def _mail(run: Run, result: Found, planned: Planned, watched: Watched) -> Watched:
    run.progress("Asking what became of mail")
    mail = await watch_mail(run, result, planned)
    contacts = await watch_contacts(run, result, planned, mail.received)
    return replace(
        watched,
        mail=mail.mail,
        mail_by_week=mail.by_week,
        contacts=contacts.contacts,
        findings=(*watched.findings, *mail.findings, *contacts.findings),
        not_covered=(*watched.not_covered, *mail.not_covered, *contacts.not_covered),
        unseen=watched.unseen | mail.unseen | contacts.unseen,
    )
