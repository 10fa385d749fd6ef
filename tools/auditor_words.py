"""What the page of the auditor's trial says around what was printed."""

INTRODUCTION = """\
# Tried as an auditor

Played by `python tools/play_trials.py`. An invented council ran its jobs in a sandbox from November to
February: enforce, drift, reviews, the monthly report. Then an auditor sampled a case, led by README.md and
[auditor.md](../auditor.md) alone. She has a shell, a copy of the ledger (`ledger.db`), the two reports that
were filed, and the hash that ICT mailed her on 4 January (HASH-1). She has no settings, no credentials and no
network: the commands below were given none.

What was printed is copied whole. So that this page stays the same whenever it is played, ids of runs and
hashes are numbered, and so is the application id of the sandbox. Times are UTC.
"""

ANSWERS = """\
What she reads from it:

- **Who approved it?** The director, on 24 November, with version 2.0. The officer who proposed it saved the
  item once more when she recorded the letter; that save is *not eligible* and approves nothing.
- **Exactly these values?** The sender, the single contact and the end in the approval are `From`,
  `RedirectMessageTo` and `ExpiryDate` (midnight after 31 January) of the rule that was written.
- **Was the person told first?** The letter of 25 November, DOC-2240, was recorded that day. Until then the
  list said *Not in force*; the rule was made on 1 December.
- **When was the rule made, and by what?** On 1 December at 06:00, by the run that is named, and read back.
- **Was it always in force?** No. On 14 December the Exchange administrator switched it off. Drift found it
  that evening and enforce restored it the next morning.
- **Did it stop?** The rule carried its own end, a run removed it on 1 February, and drift of that evening
  found nothing of it.
"""

CONCLUSION = """\
The table, the item and the version are named.

## What she had to take from elsewhere

- The letter itself: the ledger has its day and number. It is in the council's records under DOC-2240.
- Why the administrator switched the rule off: the comment in the sign-off names a change, CHG-318.
- That the lists said the truth. The ledger proves what the program read and when; SharePoint's own version
  history is the original.
- That nobody made the whole ledger anew before 4 January, when the first hash left the house.

## What the first trial lacked

Played before `history` knew `--ledger`, `--until` and `--case`, the trial ended at its second question:
`history` asked for settings that an auditor does not have. No verb told who approved which values, and the
report names approvers by object id alone. When the person was told, and what drift had found on a past day,
was told by no verb. A signature that was given after the report had been filed could not be seen. README.md
led an auditor nowhere.

Still lacking: the report of a month tells what is found when it is made. What was found and put right within
the month, as on 14 December here, stands in it as a change that the tool made; `history --case` tells more.
"""
