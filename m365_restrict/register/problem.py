"""Something that cannot be read in one column of one item."""

from dataclasses import dataclass

from m365_restrict.codes import CatalogueCode


@dataclass(frozen=True)
class FieldProblem:
    """One column that cannot be read. The message names the mend and never repeats an address or a name."""

    code: CatalogueCode
    column: str
    message: str
