"""`python -m m365_restrict` and the console script `m365-restrict`."""

from m365_restrict.cli.app import run


def main() -> None:
    """Run the command line and exit with its code."""
    raise SystemExit(run())


if __name__ == "__main__":
    main()
