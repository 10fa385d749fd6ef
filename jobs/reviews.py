"""Once a working day: what is due, reviews opened, people reminded."""

import sys

from jobs.settings_file import main_of
from m365_restrict.schedule.jobs import Job

main = main_of(Job.REVIEWS)

if __name__ == "__main__":
    sys.exit(main())
