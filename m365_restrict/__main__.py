"""`python -m m365_restrict` and the console script `m365-restrict`."""

from m365_restrict.cli.app import run
from m365_restrict.cli.collecting import collect_seldom
from m365_restrict.cli.ending import PromptEnd
from m365_restrict.cli.streams import hand_over


def main() -> None:
    """Run the command line and exit with its code."""
    end = PromptEnd()
    collect_seldom()
    raise SystemExit(end.with_code(hand_over(lambda: None, run())))


if __name__ == "__main__":
    main()
