"""`show-config`: the settings in effect, where each came from, secrets masked."""

from collections.abc import Mapping
from pathlib import Path

from m365_restrict.cli.streams import hand_over, tell, write_text
from m365_restrict.errors import ConfigurationError, ExitCode


def print_settings(env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Print one setting a line; the exit code, 5 where the settings cannot be used."""
    from settings.effective import effective_settings
    from settings.load import load_settings

    try:
        settings = load_settings(environ, env_file)
    except ConfigurationError as error:
        tell(f"{error.message}\n{error.advice}")
        return int(error.exit_code)
    shown = "".join(f"{one.name}={one.value}  ({one.origin})\n" for one in effective_settings(settings))
    return hand_over(lambda: write_text(shown), ExitCode.IN_STEP)
