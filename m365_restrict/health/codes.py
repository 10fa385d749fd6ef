"""What may need somebody's attention, as stable codes."""

from m365_restrict.codes import CatalogueCode


class HealthCode(CatalogueCode):
    """What `status` says that somebody should see to."""

    JOB_OVERDUE = (
        "job-overdue",
        "A job has not succeeded since it was last due.",
        "See that `m365-restrict schedule`, or the task or timer of the job, runs, and read its last lines.",
    )
    JOB_FAILED = (
        "job-failed",
        "The last run of a job did not do its work.",
        "Run `m365-restrict job NAME` and do what its message says.",
    )
    NO_JOB_YET = (
        "no-job-yet",
        "No job has ever run, so nothing happens by itself.",
        "Start `m365-restrict schedule`, or install the tasks or timers of deploy/.",
    )
    FREEZE_STANDS = (
        "freeze-stands",
        "A freeze stands: nothing but openings is written.",
        "Lift it with `m365-restrict unfreeze` once its reason has gone.",
    )
    FINDINGS_OPEN = (
        "findings-open",
        "The last comparison found differences that nobody has accepted.",
        "Read `m365-restrict drift`: it says of each what to do.",
    )
    RUN_REFUSED = (
        "run-refused",
        "The last run that writes held something back, or ended with an error.",
        "Read `m365-restrict plan`: it names what stands in the way.",
    )
    OVERRIDE_STANDS = (
        "override-stands",
        "A guard is overridden.",
        "Take it back with `m365-restrict override --end GUARD` once it is no longer needed.",
    )
    WAIVER_ENDS = (
        "waiver-ends",
        "An accepted difference is a finding again soon.",
        "Put the difference right, or accept it again with `m365-restrict waive`.",
    )
    CERTIFICATE_ENDS = (
        "certificate-ends",
        "A certificate that an application signs in with ends soon, or has ended.",
        "Make a new certificate, add it to the application in Entra ID, and change the setting.",
    )
    CERTIFICATE_UNREADABLE = (
        "certificate-unreadable",
        "A certificate that an application signs in with cannot be read.",
        "Correct the path or the password, and let this account read the file.",
    )
    CLIENT_SECRET = (
        "client-secret",
        "An application signs in with a secret, whose end is not shown and which can be copied.",
        "Use a certificate or a managed identity; see the secret's end in Entra ID meanwhile.",
    )
