"""The exception tree: what stops a whole run. What is wrong with one case is a value, not an exception.

Every error has a stable code, an exit code and advice. The original exception is
always chained as the cause. Only the command line turns these into text.
"""

from enum import IntEnum

from m365_restrict.codes import CatalogueCode


class ExitCode(IntEnum):
    """Process exit codes, fixed by the published contract."""

    IN_STEP = 0
    UNEXPECTED = 1
    DIFFERENCES = 2
    REFUSED = 3
    PARTIAL = 4
    CONFIGURATION = 5
    LEASE_HELD = 6
    SOURCE_INCOMPLETE = 7

    @property
    def status(self) -> str:
        """The `status` word that documents carry beside the exit code."""
        return _STATUS[self]


_STATUS = {
    ExitCode.IN_STEP: "in_step",
    ExitCode.DIFFERENCES: "differences",
    ExitCode.REFUSED: "refused",
    ExitCode.PARTIAL: "partial",
    ExitCode.UNEXPECTED: "failed",
    ExitCode.CONFIGURATION: "failed",
    ExitCode.LEASE_HELD: "failed",
    ExitCode.SOURCE_INCOMPLETE: "failed",
}

_PRECEDENCE = (
    ExitCode.UNEXPECTED,
    ExitCode.CONFIGURATION,
    ExitCode.LEASE_HELD,
    ExitCode.SOURCE_INCOMPLETE,
    ExitCode.REFUSED,
    ExitCode.PARTIAL,
    ExitCode.DIFFERENCES,
)


def first_of(*codes: ExitCode) -> ExitCode:
    """The code that a run reports when several apply at once."""
    return next((code for code in _PRECEDENCE if code in codes), ExitCode.IN_STEP)


class ErrorCode(CatalogueCode):
    """Codes of errors that stop a run."""

    UNEXPECTED = (
        "unexpected",
        "Something failed that this program does not know.",
        "Run the command again; if it fails again, report the run id and the message.",
    )
    SETTINGS_INVALID = (
        "settings-invalid",
        "A setting is missing, misspelt or has a value that cannot be used.",
        "Correct the setting that the message names and run `m365-restrict show-config`.",
    )
    SIGN_IN_FAILED = (
        "sign-in-failed",
        "Microsoft Entra ID did not issue a token for one of the applications.",
        "Check the tenant id, the application id and its certificate or secret.",
    )
    WORKLOAD_TOKEN_UNUSABLE = (
        "workload-token-unusable",
        "The file of the token with which an application signs in is missing, unreadable or empty.",
        "Mount the service account's token into the pod, or name its file with AUTH__READER__TOKEN_FILE and "
        "AUTH__WRITER__TOKEN_FILE, and let the account that runs this program read it.",
    )
    PERMISSION_MISSING = (
        "permission-missing",
        "Microsoft 365 refused a request that this run cannot do without.",
        "Grant the permission that the message names to the application that the message names.",
    )
    SERVICE_UNREACHABLE = (
        "service-unreachable",
        "A Microsoft 365 service did not answer, or answered with an error, after all retries.",
        "Nothing was changed because of this. Run the command again later.",
    )
    SOURCE_INCOMPLETE = (
        "source-incomplete",
        "A list could not be read whole, so nothing may be concluded from what is not in it.",
        "See that the list exists, holds its proving row and is readable by the reader application.",
    )
    LIST_NOT_FOUND = (
        "list-not-found",
        "A list that the settings name is not on the site.",
        "Correct REGISTER__SITE, REGISTER__LIST, REGISTER__REVIEWS_LIST or REGISTER__CHOICES_LIST.",
    )
    COLUMN_MISSING = (
        "column-missing",
        "A list lacks a column that this program needs.",
        "Add the column that the message names, or map it with REGISTER__COLUMNS__<NAME>.",
    )
    LEASE_HELD = (
        "lease-held",
        "Another run holds the lease, so this one changed nothing.",
        "Wait until the other run has ended and run the command again.",
    )
    LEDGER_UNUSABLE = (
        "ledger-unusable",
        "The ledger database cannot be opened, read or written.",
        "Check LEDGER__URL, free disk space and file permissions; nothing was changed in the tenant.",
    )
    LEDGER_CORRUPT = (
        "ledger-corrupt",
        "The ledger file is damaged, so what it says of the tenant cannot be trusted.",
        "Put a backup back with `m365-restrict ledger restore FILE`. Without one, `m365-restrict ledger "
        "rebuild --replace` finds rules by their stamps. Nothing was changed in the tenant.",
    )
    LEDGER_FULL = (
        "ledger-full",
        "The ledger has no room left, so nothing that is written could be recorded.",
        "Free space on the disk that LEDGER__URL names and run the command again.",
    )
    LEDGER_READ_ONLY = (
        "ledger-read-only",
        "The ledger can be read and not written.",
        "Let the account that runs this program write the ledger file and its folder.",
    )
    LEDGER_UNREACHABLE = (
        "ledger-unreachable",
        "The database server of the ledger does not answer, or lets nobody in at present.",
        "See that the server that LEDGER__URL names runs and can be reached from here, and run the command "
        "again. What was written is in the ledger; the next run goes on from there.",
    )
    LEDGER_REFUSED = (
        "ledger-refused",
        "The database server of the ledger does not let this program in, or not do what it must.",
        "Check user, password, database and sslmode in LEDGER__URL; the user must own the ledger's schema.",
    )
    LEDGER_COPY_UNUSABLE = (
        "ledger-copy-unusable",
        "The file cannot be made, or is no ledger that this version can use. The ledger itself is as it was.",
        "Name another file, or an empty database where the ledger is to go to a server.",
    )
    LEDGER_NOT_EMPTY = (
        "ledger-not-empty",
        "There is a ledger that knows more than a rebuilt one would.",
        "Restore a copy with `m365-restrict ledger restore FILE`; or give --replace with a --reason: the old "
        "file is kept beside the new one.",
    )
    LEDGER_NOT_REBUILT = (
        "ledger-not-rebuilt",
        "What the tenant shows is not enough to make a ledger of; nothing was replaced.",
        "See the reason given, restore access, and run `m365-restrict ledger rebuild` again.",
    )
    STOPPED = (
        "stopped",
        "Somebody, or the computer that shuts down, asked the run to stop.",
        "Run the command again: it goes on from where this run stopped.",
    )
    RETIRED = (
        "retired",
        "This installation was taken out of use, so no run writes anything.",
        "Stop its schedule. To use it again: `m365-restrict retire --undo`.",
    )
    EXPORT_NEEDED = (
        "export-needed",
        "Nothing is taken out of use before its evidence is safe and it is said what becomes of rules.",
        "Give --export with a folder that is new, empty or this installation's own, and --rules remove or "
        "--rules leave.",
    )
    APPROVAL_NEEDED = (
        "approval-needed",
        "Changes are waiting and nobody has approved them.",
        "Read `m365-restrict plan`, then give --approve, or --plan-id with the id that it shows.",
    )
    OVERRIDE_REFUSED = (
        "override-refused",
        "The guard cannot be overridden, or is not known.",
        "Read `m365-restrict plan`: it names the setting to correct.",
    )
    PLAN_CHANGED = (
        "plan-changed",
        "The register, the tenant, a setting or the program has moved since the plan was approved.",
        "Run `m365-restrict plan` again, read it, and apply the new plan. Nothing overrides this.",
    )
    SAVED_PLAN_UNUSABLE = (
        "saved-plan-unusable",
        "The file is no saved plan, or is not as it was saved.",
        "Run `m365-restrict plan --save FILE` again, read it, and apply that file.",
    )


class RestrictError(Exception):
    """Stops a run. `message` names the thing and the reason; `advice` is the next step."""

    exit_code: ExitCode = ExitCode.UNEXPECTED
    default_code: CatalogueCode = ErrorCode.UNEXPECTED

    def __init__(
        self,
        message: str,
        *,
        code: CatalogueCode | None = None,
        advice: str | None = None,
    ) -> None:
        """Say what failed; the code's own advice stands unless a better one is known."""
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.advice = advice or self.code.advice


class ConfigurationError(RestrictError):
    """A setting or a permission is wrong. Exit 5."""

    exit_code = ExitCode.CONFIGURATION
    default_code = ErrorCode.SETTINGS_INVALID


class SignInError(ConfigurationError):
    """No token could be had. Exit 5."""

    default_code = ErrorCode.SIGN_IN_FAILED


class PermissionMissing(ConfigurationError):
    """The service refused a read or write that the run needs. Exit 5."""

    default_code = ErrorCode.PERMISSION_MISSING


class SourceIncomplete(RestrictError):
    """A list could not be read whole. Exit 7."""

    exit_code = ExitCode.SOURCE_INCOMPLETE
    default_code = ErrorCode.SOURCE_INCOMPLETE


class ServiceError(RestrictError):
    """A Microsoft 365 service failed. `status` is the HTTP status, or None when no answer came."""

    default_code = ErrorCode.SERVICE_UNREACHABLE

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        service_code: str = "",
        code: CatalogueCode | None = None,
        advice: str | None = None,
    ) -> None:
        """Keep the service's own status and code so that callers can tell 'absent' from 'failed'."""
        super().__init__(message, code=code, advice=advice)
        self.status = status
        self.service_code = service_code

    @property
    def in_short(self) -> str:
        """What Graph answered, without the request and without its own words."""
        return f"Graph answered with HTTP {self.status}" if self.status else "Graph gave no answer"


class LeaseHeld(RestrictError):
    """Another runner is at work. Exit 6."""

    exit_code = ExitCode.LEASE_HELD
    default_code = ErrorCode.LEASE_HELD


class LedgerError(RestrictError):
    """The ledger cannot be used, so the run stops before any write. Exit 1."""

    default_code = ErrorCode.LEDGER_UNUSABLE


class RunStopped(RestrictError):
    """A signal asked the run to stop before it wrote anything. Exit 1."""

    default_code = ErrorCode.STOPPED


class OverrideRefused(RestrictError):
    """A guard that nobody may override was to be overridden. Exit 3."""

    exit_code = ExitCode.REFUSED
    default_code = ErrorCode.OVERRIDE_REFUSED


class RequestRefused(RestrictError):
    """What a person asked for by hand may not be done; the code says why. Exit 3."""

    exit_code = ExitCode.REFUSED


class PlanRefused(RestrictError):
    """The approved plan is not the plan that would be applied now. Exit 3."""

    exit_code = ExitCode.REFUSED
    default_code = ErrorCode.PLAN_CHANGED


class Retired(RestrictError):
    """The installation was taken out of use, so nothing is written. Exit 3."""

    exit_code = ExitCode.REFUSED
    default_code = ErrorCode.RETIRED
