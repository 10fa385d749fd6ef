"""The verb that writes one letter."""

import os
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of
from m365_restrict.cli.streams import tell
from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage

letter_verb = typer.Typer()


@letter_verb.command()
def letter(
    case: Annotated[str, typer.Argument(help="The case reference.")],
    *,
    kind: Annotated[LetterKind, typer.Option("--kind", help="Which letter.")] = LetterKind.DECISION,
    language: Annotated[
        LetterLanguage | None,
        typer.Option("--language", help="Default: by the case's Language and the policy's languages."),
    ] = None,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", help="Folder for the letter, as .docx and .html.")
    ] = Path(),
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Write a letter to the person that a case is about, ready to be checked, signed and sent.

    Says who, how, when, why, for how long, under which policy, how to challenge it and whom else to turn
    to. What is not recorded is never left blank: the letter is refused and says what is missing and where
    to put it. Welsh is issued only when the council has recorded who checked it. Sends nothing.

    Exits 0 where the letter is written, 3 where it is refused.

    Example: m365-restrict letter RC-2026-014 --kind decision --output-dir letters
    """
    from m365_restrict.cli.letter import LetterRequest, run_letter
    from m365_restrict.letters.letter_run import LetterOrder

    order = LetterOrder(reference=case.strip(), kind=kind, language=language)
    request = LetterRequest(
        order=order,
        folder=output_dir,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_letter(request, os.environ, tell))
