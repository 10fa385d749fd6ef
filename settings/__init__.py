"""Settings: what a council chooses, from the environment or a KEY=VALUE file, checked all at once."""

from settings.effective import EffectiveSetting, effective_settings
from settings.load import load_settings
from settings.model import Settings
from settings.profiles import load_profile

__all__ = [
    "EffectiveSetting",
    "Settings",
    "effective_settings",
    "load_profile",
    "load_settings",
]
