"""`invitation`: the text for councillors after an election, with the names of this council's list."""

import sys
from collections.abc import Mapping
from pathlib import Path

from m365_restrict.errors import RestrictError
from m365_restrict.notify.invitation import invitation
from settings.load import load_settings


def print_invitation(env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Print subject and text; the exit code, 5 where the settings cannot be used."""
    try:
        settings = load_settings(environ, env_file)
    except RestrictError as error:
        print(f"{error.message}\n{error.advice}", file=sys.stderr)
        return int(error.exit_code)
    written = invitation(
        choices_list=settings.lists.choices,
        list_url=settings.notify.site_url,
        term_ends_on=settings.policy.term_ends_on,
    )
    print(f"{written.subject}\n\n{written.text}")
    return 0
