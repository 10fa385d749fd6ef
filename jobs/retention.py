"""Once a week: which closed cases may be deleted. Deletes nothing: a person gives `retention --approve`."""

import sys

from jobs.settings_file import main_of
from m365_restrict.schedule.jobs import Job

main = main_of(Job.RETENTION)

if __name__ == "__main__":
    sys.exit(main())
