"""Bring the tenant into step with the register, without asking. Guards still hold back what they must."""

import sys

from jobs.settings_file import main_of
from m365_restrict.schedule.jobs import Job

main = main_of(Job.ENFORCE)

if __name__ == "__main__":
    sys.exit(main())
