"""`test`: reads the files of tests, opens readers alone and prints what became of every test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.errors import ConfigurationError, RestrictError
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunEnd
from m365_restrict.plan.rule_test_file import RuleTestFiles, RuleTestState
from m365_restrict.report.json_text import to_json
from m365_restrict.report.rule_test_document import RuleTestDocument, rule_test_lines
from m365_restrict.report.text import plain
from m365_restrict.report.verb import Verb
from m365_restrict.rule_test_run import carry_out_rule_tests
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.session import open_readers
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.rule_tests import load_rule_tests
from settings.run_options import run_options
from settings.tenant_options import tenant_options


@dataclass(frozen=True, kw_only=True)
class RuleTestRequest:
    """Which tests, in place of those of the settings; `now` puts all of them to the tenant as it is."""

    files: tuple[Path, ...] = ()
    now: bool = False
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_rule_test(request: RuleTestRequest, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run the tests and print what became of them; the exit code, 3 where one fails."""

    async def _work(run_id: str) -> RuleTestDocument:
        return await _tested(request, load_settings(environ, request.env_file), run_id, say)

    return carry_out(_work, lambda head: RuleTestDocument(head=head), lambda one: _write(one, request))


async def _tested(
    request: RuleTestRequest, settings: Settings, run_id: str, say: Callable[[str], None]
) -> RuleTestDocument:
    tests = _tests(request, settings)
    clock = build_clock(settings)
    now = clock.now()
    with open_ledger(settings.ledger.url) as ledger:
        profile = ledger.tenant_answers.profile(settings.auth.tenant_id)
        options = replace(run_options(settings, profile), rule_tests=tests)
        ledger.runs.begin(run_start(run_id, "test", now))
        try:
            async with open_readers(tenant_options(settings)) as readers:
                run = Run(
                    verb=Verb.PLAN,  # the tests are put to what `plan` would show
                    run_id=run_id,
                    now=now,
                    options=options,
                    readers=readers,
                    ledger=ledger,
                    progress=say,
                )
                document = await carry_out_rule_tests(run, clock.now)
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        head = document.head
        end = RunEnd(finished_at=head.finished_at, exit_code=head.exit_code, document=to_json(document))
        ledger.runs.finish(run_id, end)
        return document


def _tests(request: RuleTestRequest, settings: Settings) -> RuleTestFiles:
    files = request.files or settings.tests.files
    if not files:
        raise ConfigurationError(
            "There are no rule tests: no file was given and M365_RESTRICT_TESTS__FILES is not set.",
            advice="Write a file as docs/rule-tests.md shows, and give its path.",
        )
    tests = load_rule_tests(files)
    if request.now:
        tests = tuple(replace(test, state=RuleTestState.NOW) for test in tests)
    return RuleTestFiles(tests)


def _write(document: RuleTestDocument, request: RuleTestRequest) -> None:
    text = to_json(document) if request.output == "json" else plain(rule_test_lines(document))
    write_text(text, request.file)
