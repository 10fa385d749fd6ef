"""Days in words."""

from datetime import date

from babel.dates import format_date

from m365_restrict.report.letters.kinds import Tongue


def day_in_words(day: date, tongue: Tongue) -> str:
    """A day with its month's name: 7 March 2027, 7 Mawrth 2027."""
    return format_date(day, format="d MMMM y", locale="cy" if tongue is Tongue.WELSH else "en_GB")
