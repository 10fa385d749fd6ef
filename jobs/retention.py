"""Once a week: which closed cases may be deleted. Deletes nothing: a person gives `retention --approve`."""

import os
import sys

from jobs.settings_file import settings_file
from m365_restrict.cli.life import LifeRequest, run_retention


def main() -> int:
    """Run `retention` once without approval; its exit code."""
    return run_retention(LifeRequest(env_file=settings_file()), os.environ)


if __name__ == "__main__":
    sys.exit(main())
