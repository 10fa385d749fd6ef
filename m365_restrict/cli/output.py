"""Where a document goes: stdout or a file, as text, JSON or HTML. Files are whole or not there."""

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

from m365_restrict.cli.request import Request
from m365_restrict.report.console import console_for, print_document
from m365_restrict.report.documents import Document, DriftDocument, PlanDocument
from m365_restrict.report.json_text import to_json


def write_document(document: Document, request: Request) -> None:
    """Write the result where the request wants it. Raises OSError where a file cannot be written."""
    if request.save is not None and isinstance(document, PlanDocument):
        from m365_restrict.cli.saved_plan import save_plan

        save_plan(document, request.save)
    if request.html is not None and isinstance(document, DriftDocument):
        from m365_restrict.report.html import to_html

        write_whole(request.html, to_html(document))
    if request.file is not None:
        write_whole(request.file, _text_of(document, request))
    elif request.output == "json":
        sys.stdout.write(to_json(document) + "\n")
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print_document(document, console_for(), detail=request.detail, width=width)


def _text_of(document: Document, request: Request) -> str:
    if request.output == "json":
        return to_json(document) + "\n"
    stream = io.StringIO()
    print_document(document, console_for(stream), detail=request.detail)
    return stream.getvalue()


def write_whole(path: Path, text: str) -> None:
    """Write beside the file and rename, so that nobody ever reads half of it; readable by the owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
