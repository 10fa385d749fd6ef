"""Say whether every decision still holds in the tenant."""

import sys

from jobs.settings_file import main_of
from m365_restrict.schedule.jobs import Job

main = main_of(Job.DRIFT)

if __name__ == "__main__":
    sys.exit(main())
