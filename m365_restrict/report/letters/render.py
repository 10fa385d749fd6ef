"""Fills the templates in: sandboxed, every wording from the catalogue, nothing undefined left blank."""

from collections.abc import Mapping

from jinja2 import DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from m365_restrict.errors import ConfigurationError
from m365_restrict.report.letters.blocks import VALUE_MARK, Part, read_blocks
from m365_restrict.report.letters.catalogue import Catalogue
from m365_restrict.report.letters.kinds import Tongue
from m365_restrict.report.letters.templates_folder import LetterTemplates
from m365_restrict.report.letters.view import ViewValue
from m365_restrict.report.text import clean

_LONGEST_KEY_SHOWN = 60


class Wordings:
    """Looks wordings up for one rendering and remembers those that the language lacks."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.missing: list[str] = []

    def find(self, key: str) -> str:
        """The wording; the key itself where there is none, which is then a reason to refuse the letter."""
        found = self._catalogue.find(key)
        if found is None:
            shown = key if len(key) <= _LONGEST_KEY_SHOWN else f"{key[:_LONGEST_KEY_SHOWN]}…"
            self.missing.append(shown)
        return found or key

    def find_counted(self, singular: str, plural: str, number: int) -> str:
        """Templates count nothing in words: Welsh has more plural forms than English."""
        raise ConfigurationError(f"A letter template counts: {singular!r}, {plural!r}, {number}.")


def render_part(
    name: str, values: Mapping[str, ViewValue], templates: LetterTemplates, wordings: Wordings, tongue: Tongue
) -> Part:
    """One language of a letter. ConfigurationError names the template and line that cannot be used."""
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(templates.texts),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=False,  # this makes plain text, which `page` escapes
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_marked,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        wordings.find, wordings.find_counted, newstyle=True
    )
    try:
        rendered = environment.get_template(f"{name}.txt").render(values)
    except TemplateError as error:
        raise template_error(f"{name}.txt", error) from error
    except (KeyError, TypeError, ValueError) as error:
        # A placeholder of a wording that the template gives no value, or one that is misspelt.
        raise template_error(f"{name}.txt", TemplateError(f"a wording lacks the value {error}")) from error
    return Part(tongue, read_blocks(rendered))


def template_error(name: str, error: TemplateError) -> ConfigurationError:
    """What is wrong with a template, for whoever wrote it."""
    place = name
    if isinstance(error, TemplateSyntaxError):
        place = f"{error.name or name}, line {error.lineno}"
    return ConfigurationError(
        f"The letter template {place} cannot be used: {error.message or type(error).__name__}.",
        advice="Correct it in the folder that M365_RESTRICT_LETTERS__TEMPLATES names, or remove it there.",
    )


def _marked(value: object) -> object:
    """A value on one line, marked so that it can never begin a heading or a list (see `blocks`)."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return VALUE_MARK + clean(value.encode("utf-8", "replace").decode("utf-8"))
