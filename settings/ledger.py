"""Where the ledger is, and how its database server is signed in to."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator


class LedgerAuth(StrEnum):
    """What is sent to a database server as the password."""

    PASSWORD = "password"  # noqa: S105 - the word itself
    ENTRA = "entra"


class LedgerSettings(BaseModel):
    """The database of what was applied (docs/ledger.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Before the URL, which is read with what they say.
    auth: LedgerAuth = LedgerAuth.PASSWORD
    """How a PostgreSQL server is signed in to: `password`, which stands in the URL, or `entra`, a token of
    the managed or workload identity (Azure Database for PostgreSQL). Default password."""
    client_id: str = ""
    """With `entra`: client id of the managed identity where it was assigned by hand. Default none."""
    url: str = Field(
        default="sqlite:///m365-restrict-ledger.db", min_length=1, repr=False, validate_default=True
    )
    """A file, `sqlite:///FILE`, or a server, `postgresql://USER:PASSWORD@HOST/DATABASE`. Default: a file in
    the current folder."""

    @field_validator("url")
    @classmethod
    def _signed_in_to(cls, value: str, info: ValidationInfo) -> str:
        """The URL with how to sign in, as `open_ledger` takes it."""
        if not value.startswith("postgres"):
            if info.data.get("auth") is LedgerAuth.ENTRA:
                raise ValueError("with LEDGER__AUTH=entra it must name a PostgreSQL server")
            return value
        from sqlalchemy.engine import make_url  # noqa: PLC0415 - not for those who keep a file
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("it must be postgresql://USER:PASSWORD@HOST/DATABASE") from None
        if "password" in url.query:
            raise ValueError("the password must stand before the @, where it is never shown")
        if info.data.get("auth") is not LedgerAuth.ENTRA:
            return value
        if url.password:
            raise ValueError("with LEDGER__AUTH=entra it must name no password")
        more = {"auth": "entra", "client_id": info.data.get("client_id", "")}
        return url.update_query_dict({name: one for name, one in more.items() if one}).render_as_string()
