"""`show-config`: the settings in effect, where each came from, secrets masked."""

import sys
from collections.abc import Mapping
from pathlib import Path

from m365_restrict.errors import ConfigurationError


def print_settings(env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Print one setting a line; the exit code, 5 where the settings cannot be used."""
    from settings.effective import effective_settings
    from settings.load import load_settings

    try:
        settings = load_settings(environ, env_file)
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message}\n{error.advice}\n")
        return int(error.exit_code)
    for one in effective_settings(settings):
        sys.stdout.write(f"{one.name}={one.value}  ({one.origin})\n")
    return 0
