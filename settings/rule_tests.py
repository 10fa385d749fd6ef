"""The council's own rule tests, read from the files that the settings or the command line name."""

from collections.abc import Sequence
from pathlib import Path

from m365_restrict.errors import ConfigurationError
from m365_restrict.plan.rule_test_file import RuleTest, RuleTestFiles, read_rule_tests


def load_rule_tests(paths: Sequence[Path]) -> tuple[RuleTest, ...]:
    """All tests of these files, in order; ConfigurationError where one cannot be read or is mistaken.

    Reports call a file by its name alone. A file that is given twice is read once.
    """
    return read_rule_tests([(path.name, _text(path)) for path in dict.fromkeys(paths)])


def configured_rule_tests(paths: Sequence[Path]) -> RuleTestFiles:
    """The tests of the settings. A file that cannot be used holds a run back and does not end it.

    A mistake in it must not keep closed what the register opens.
    """
    try:
        return RuleTestFiles(load_rule_tests(paths))
    except ConfigurationError as error:
        return RuleTestFiles(problem=error.message)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The file of rule tests {path} cannot be read: {error}",
            advice="Correct the path in M365_RESTRICT_TESTS__FILES or on the command line.",
        ) from error
