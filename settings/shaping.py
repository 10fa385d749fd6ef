"""Settings that shape rules, each as a digest: a plan rests on them and can name the one that moved."""

import hashlib
from collections.abc import Mapping

from settings.effective import effective_settings
from settings.model import PREFIX, Settings
from settings.profiles import profile_text

_SHAPING = tuple(
    f"{PREFIX}{name}"
    for name in (
        "POLICY__",
        "REGISTER__",
        "CHOICES__",
        "ENFORCE_WITH",
        "RULES__",
        "OWNERSHIP__",
        "AUTH__TENANT_ID",
    )
)
_PROFILE = f"{PREFIX}POLICY__PROFILE"


def shaping_settings(settings: Settings) -> Mapping[str, str]:
    """16 hex digits for each of them by its variable's name; the profile counts with all that it says.

    Limits, windows and rule tests are not among them: what they hold back is in the plan itself.
    """
    values = {one.name: one.value for one in effective_settings(settings) if one.name.startswith(_SHAPING)}
    values[_PROFILE] += f"\n{profile_text(settings.policy.profile)}"
    return {name: hashlib.sha256(value.encode()).hexdigest()[:16] for name, value in values.items()}
