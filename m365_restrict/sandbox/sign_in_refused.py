"""A sign-in that Entra ID refuses."""


class SignInRefused(Exception):
    """What the token endpoint answers: its OAuth error, its AADSTS number and the text."""

    def __init__(self, error: str, number: int, message: str, *, status: int = 401) -> None:
        """Keep what the token endpoint answers."""
        super().__init__(message)
        self.error = error
        self.number = number
        self.status = status
