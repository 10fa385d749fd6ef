"""Where a document goes: stdout or a file, as text, JSON or HTML. Files are whole or not there."""

import io
import shutil
import sys

from m365_restrict.cli.request import Request
from m365_restrict.cli.streams import out, write_text
from m365_restrict.cli.told import Told
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.report.console import console_for, print_document
from m365_restrict.report.documents import Document, PlanDocument
from m365_restrict.report.json_text import to_json


def write_told(told: Told, request: Request) -> None:
    """Write the result where the request wants it. Raises OSError where a file cannot be written."""
    document = told.document
    if request.save is not None and isinstance(document, PlanDocument):
        from m365_restrict.cli.saved_plan import save_plan

        save_plan(document, request.save)
    if request.html is not None and told.report is not None:
        from m365_restrict.report.page.html import to_page  # draws charts, which takes a while to load

        write_whole(request.html, to_page(told.report))
    if request.file is not None:
        write_whole(request.file, _text_of(document, request))
    elif request.output == "json":
        write_text(to_json(document) + "\n")
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print_document(document, console_for(out()), detail=request.detail, width=width)


def _text_of(document: Document, request: Request) -> str:
    if request.output == "json":
        return to_json(document) + "\n"
    stream = io.StringIO()
    print_document(document, console_for(stream), detail=request.detail)
    return stream.getvalue()
