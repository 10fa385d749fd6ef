"""Where jobs find their settings: the environment, and the file that M365_RESTRICT_ENV_FILE names."""

import os
from pathlib import Path

_VARIABLE = "M365_RESTRICT_ENV_FILE"


def settings_file() -> Path | None:
    """The file of settings, or None where the environment alone holds them."""
    named = os.environ.get(_VARIABLE, "")
    return Path(named) if named else None
