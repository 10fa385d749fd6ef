"""Say whether every decision still holds in the tenant. Holds no permission to write."""

import os
import sys

from jobs.settings_file import settings_file
from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb
from m365_restrict.report.documents import Verb


def main() -> int:
    """Run `drift` once; its exit code."""
    return run_verb(Request(verb=Verb.DRIFT, env_file=settings_file()), os.environ)


if __name__ == "__main__":
    sys.exit(main())
