"""Bring the tenant into step with the register, without asking. Guards still hold back what they must."""

import os
import sys

from jobs.settings_file import settings_file
from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb
from m365_restrict.report.documents import Verb


def main() -> int:
    """Run `apply` once; its exit code."""
    return run_verb(Request(verb=Verb.APPLY, env_file=settings_file(), approve=True), os.environ)


if __name__ == "__main__":
    sys.exit(main())
