"""Part 1 of a report: what was looked at, with which rules, by what, and how far it came."""

from m365_restrict import __version__
from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import Head
from m365_restrict.report.edition import ReportLanguage
from m365_restrict.report.letters.kinds import Tongue
from m365_restrict.report.model import ResultWord, RunIdentity
from m365_restrict.rules.compilation import Carrier
from m365_restrict.steps.options import RunOptions

_BY_SCRIPT, _BY_INBOX_RULES, _BY_MAIL_FLOW = "script", "inbox_rules", "mail_flow"


def run_identity(
    head: Head, options: RunOptions | None, *, language: ReportLanguage, evidence_hash: str = ""
) -> RunIdentity:
    """Who and what a run was. Without options, because the settings could not be used, it names nothing.

    The council has its name in the language of the report, or its English one where no other is set.
    """
    if options is None:
        blank = dict.fromkeys(
            ("council", "tenant_id", "instance_id", "profile", "profile_version", "mode", "enforce_with"), ""
        )
        return RunIdentity(
            head=head,
            **blank,
            applications=(),
            tool_version=__version__,
            result=result_of(head),
            time_zone="",
        )
    name = options.letters.council.name
    return RunIdentity(
        head=head,
        council=name.text(Tongue(language.value)) or name.en,
        tenant_id=options.tenant_id,
        instance_id=options.instance_id,
        profile=options.profile.name,
        # A profile comes with the program, whose version it has where the council's own document has none.
        profile_version=options.profile.document.version or __version__,
        mode=options.compile.mode.value,
        enforce_with=_enforced_with(options),
        applications=options.report.applications,
        tool_version=__version__,
        result=result_of(head),
        time_zone=options.zone.key,
        evidence_hash=evidence_hash,
    )


def result_of(head: Head) -> ResultWord:
    """How far a run came: one that could not look at everything is partial, whatever it found."""
    if head.error is not None:
        return ResultWord.FAILED
    if head.unknown or not head.source.complete or head.exit_code is ExitCode.PARTIAL:
        return ResultWord.PARTIAL
    return ResultWord.COMPLETE


def _enforced_with(options: RunOptions) -> str:
    if options.script is not None:
        return _BY_SCRIPT
    return _BY_INBOX_RULES if options.compile.carrier is Carrier.INBOX_RULES else _BY_MAIL_FLOW
