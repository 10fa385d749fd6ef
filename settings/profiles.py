"""Policy profiles that come with the package: settings/policies/<name>.toml."""

import tomllib
from importlib.resources import files

from m365_restrict.errors import ConfigurationError
from m365_restrict.policy.profile import Profile
from m365_restrict.policy.profile_reading import profile_from_mapping


def load_profile(name: str) -> Profile:
    """The profile of that name; ConfigurationError names those there are, or what is wrong with it."""
    try:
        data = tomllib.loads(profile_text(name))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The policy profile '{name}' is not valid TOML: {error}") from error
    return profile_from_mapping(data)


def profile_text(name: str) -> str:
    """The file of that profile; ConfigurationError names those there are."""
    folder = files("settings") / "policies"
    names = sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )
    if name not in names:
        raise ConfigurationError(
            f"M365_RESTRICT_POLICY__PROFILE is '{name}', but there is no such profile. "
            f"There are: {', '.join(names)}."
        )
    return (folder / f"{name}.toml").read_text(encoding="utf-8")
