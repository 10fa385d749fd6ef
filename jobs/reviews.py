"""Once a day: what is due, reviews opened, people reminded."""

import os
import sys

from jobs.settings_file import settings_file
from m365_restrict.cli.life import LifeRequest, run_reviews


def main() -> int:
    """Run `reviews` once; its exit code."""
    return run_reviews(LifeRequest(env_file=settings_file()), os.environ)


if __name__ == "__main__":
    sys.exit(main())
