"""How many councils are served by one installation, and how."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class TenantsSettings(BaseModel):
    """Many councils, each with a settings file of its own (docs/many-councils.md).

    These hold for all of them, so they stand in the environment or in `_shared.env`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_once: Annotated[int, Field(ge=1, le=200)] = 8
    """Councils that --all works for at the same time. Default 8."""
    deadline: Annotated[float, Field(gt=0)] = 1800.0
    """Seconds after which --all stops one council's run and reports it; the others go on. Default 1800."""
    shards: Annotated[int, Field(ge=1, le=1000)] = 1
    """Workers that share the councils, such as the completions of a Kubernetes indexed job. Default 1."""
