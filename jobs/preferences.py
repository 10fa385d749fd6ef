"""Bring councillors' own choices into step soon after they are made.

One main path serves decisions and choices alike: where `enforce` is due in the same minute, one run does
both and is recorded for both.
"""

import sys

from jobs.settings_file import main_of
from m365_restrict.schedule.jobs import Job

main = main_of(Job.PREFERENCES)

if __name__ == "__main__":
    sys.exit(main())
