"""Once a day: the ledger proved and copied, its head handed out, the reports that are due delivered."""

import sys

from jobs.settings_file import main_of
from m365_restrict.schedule.jobs import Job

main = main_of(Job.EVIDENCE)

if __name__ == "__main__":
    sys.exit(main())
