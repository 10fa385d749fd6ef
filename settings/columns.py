"""Remapped column names: REGISTER__COLUMNS__<NAME> with NAME in any case."""

from difflib import get_close_matches

from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS, REVIEWS


def column_names(remap: dict[str, str]) -> dict[str, str]:
    """The same mapping with our own spelling of the names; ValueError names one that no list has."""
    known = {
        name.upper(): name for schema in (RESTRICTED_CONTACTS, REVIEWS, CHOICES) for name in schema.names
    }
    found: dict[str, str] = {}
    for name, target in remap.items():
        if name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"{name.upper()} is no column of any list{hint}")
        found[known[name.upper()]] = target
    return found
