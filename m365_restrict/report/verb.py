"""The verbs that end in a document. Light: the command line names them before it loads anything."""

from enum import StrEnum


class Verb(StrEnum):
    """The verbs that end in a document."""

    PLAN = "plan"
    APPLY = "apply"
    HEAL = "heal"
    DRIFT = "drift"
    EXPLAIN = "explain"
    VALIDATE = "validate"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"
