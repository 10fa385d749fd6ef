"""Say under which licences the program's dependencies come, and end 1 where one is not on the list.

Looked at are the packages that are installed with the program, and what these need in turn; those that only
the tests need are not. A package says its licence by an SPDX expression, else in words, else by classifiers.

Usage: python tools/check_licences.py
"""

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

#: None of these asks more of a council that runs the program than to keep the licence's text.
ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
        "Unlicense", "Zlib",
    }
)  # fmt: skip
_IN_WORDS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
_LONGEST_NAME = 40


def needed(requirements: Iterable[str]) -> dict[str, Distribution]:
    """Every installed package that these requirements lead to, by its canonical name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(one) for one in requirements]
    while waiting:
        wanted = waiting.pop()
        name, extras = str(canonicalize_name(wanted.name)), frozenset(wanted.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # Its marker is for another system.
        waiting += _below(found[name], extras)
    return found


def _below(package: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in package.requires or ():
        wanted = Requirement(text)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": one}) for one in ("", *extras)):
            yield wanted


def licence_of(package: Distribution) -> str:
    """The licence as an SPDX expression where the package lets it be known, else in its own words."""
    told = package.metadata
    expression = told.get("License-Expression") or ""
    if expression:
        return expression
    words = (told.get("License") or "").strip()
    short = words if "\n" not in words and len(words) <= _LONGEST_NAME else ""
    spoken = _IN_WORDS.get(short.lower(), short)
    if is_allowed(spoken):
        return spoken
    named = [
        line.split("::")[-1].strip() for line in told.get_all("Classifier") or () if "License ::" in line
    ]
    known = [_IN_WORDS.get(one.lower(), one) for one in named if one != "OSI Approved"]
    return " AND ".join(sorted(set(known))) or spoken or "unknown"


def is_allowed(expression: str) -> bool:
    """Whether one alternative of an SPDX expression is of allowed licences alone."""
    alternatives = re.split(r"\s+OR\s+", expression.replace("(", " ").replace(")", " "))
    return any(all(part.strip() in ALLOWED for part in re.split(r"\s+AND\s+", one)) for one in alternatives)


def main() -> int:
    """Print a count by licence and whatever is not allowed; 1 where there is such a thing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    licences = {name: licence_of(one) for name, one in needed(project["dependencies"]).items()}
    for licence, number in sorted(Counter(licences.values()).items()):
        sys.stdout.write(f"{number:4} {licence}\n")
    refused = {name: licence for name, licence in licences.items() if not is_allowed(licence)}
    for name, licence in sorted(refused.items()):
        sys.stderr.write(f"{name}: {licence} is not on the list of tools/check_licences.py.\n")
    sys.stdout.write(f"{len(licences)} packages, {len(refused)} under a licence that is not on the list.\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
