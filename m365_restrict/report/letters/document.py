"""A letter as an accessible .docx: real headings and lists, a language on every run, no text boxes."""

from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as DocxDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as DocxParagraph
from docx.text.run import Run

from m365_restrict.errors import ConfigurationError
from m365_restrict.report.letters.blocks import Block, Bullets, Heading, Lines, Paragraph, Part, Title
from m365_restrict.report.letters.kinds import Tongue
from m365_restrict.report.letters.page import pieces

_FONT = "Arial"
_SIZES = {"Normal": 12, "Heading 1": 18, "Heading 2": 15, "Heading 3": 13}
_LINK = RGBColor(0x0B, 0x4F, 0x9E)
_BLACK = RGBColor(0, 0, 0)


def to_docx(
    parts: Sequence[Part], *, base: bytes | None, author: str, reference: str, dated_on: date
) -> bytes:
    """The whole document; equal letters give equal bytes. ConfigurationError where `base` cannot be used."""
    document = _open(base)
    _describe(document, parts, author=author, reference=reference, dated_on=dated_on)
    writer = _Writer(document, deeper=len(parts) > 1)
    if len(parts) > 1:
        writer.joint_title(parts)
    for number, part in enumerate(parts):
        before = len(document.paragraphs)
        for block in part.blocks:
            writer.add(block, part.tongue)
        if number:
            document.paragraphs[before].paragraph_format.page_break_before = True
    raw = BytesIO()
    document.save(raw)
    return _without_times(raw.getvalue())


def _open(base: bytes | None) -> DocxDocument:
    if base is None:
        document = Document()
        _make_plain(document)
        return document
    try:
        return Document(BytesIO(base))
    except (BadZipFile, PackageNotFoundError, KeyError, ValueError, OSError) as error:
        raise ConfigurationError(
            "The file letter.docx in the letter templates is not a Word document.",
            advice="Replace it, or remove it from the folder that M365_RESTRICT_LETTERS__TEMPLATES names.",
        ) from error


def _make_plain(document: DocxDocument) -> None:
    """A4, a plain typeface of at least 12 points, black headings: the library's own are blue and small."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in _SIZES.items():
        style = document.styles[name]
        if isinstance(style, ParagraphStyle):
            style.font.name, style.font.size = _FONT, Pt(size)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            if name != "Normal":
                style.font.color.rgb = _BLACK


def _describe(
    document: DocxDocument, parts: Sequence[Part], *, author: str, reference: str, dated_on: date
) -> None:
    properties = document.core_properties
    properties.title = f"{' / '.join(part.title for part in parts)} ({reference})"
    properties.subject = reference
    properties.author = properties.last_modified_by = author
    properties.comments = properties.keywords = ""
    properties.language = parts[0].tongue.tag
    properties.created = properties.modified = datetime.combine(dated_on, time())
    for element in document.styles.element.iter(qn("w:lang")):
        element.set(qn("w:val"), parts[0].tongue.tag)


class _Writer:
    """Adds blocks. In a letter in two languages every heading stands one level deeper."""

    def __init__(self, document: DocxDocument, *, deeper: bool) -> None:
        self._document = document
        self._deeper = int(deeper)

    def joint_title(self, parts: Sequence[Part]) -> None:
        heading = self._document.add_heading(level=1)
        for number, part in enumerate(parts):
            if number:
                heading.add_run(" / ")
            _add_run(heading, part.title, part.tongue)

    def add(self, block: Block, tongue: Tongue) -> None:
        match block:
            case Title(text):
                self._fill(self._document.add_heading(level=1 + self._deeper), text, tongue)
            case Heading(text):
                self._fill(self._document.add_heading(level=2 + self._deeper), text, tongue)
            case Paragraph(text):
                self._fill(self._document.add_paragraph(), text, tongue)
            case Bullets(items):
                for item in items:
                    self._fill(self._document.add_paragraph(style="List Bullet"), item, tongue)
            case Lines(items):
                paragraph = self._document.add_paragraph()
                for number, item in enumerate(items):
                    if number:
                        paragraph.add_run().add_break()
                    self._fill(paragraph, item, tongue)

    def _fill(self, paragraph: DocxParagraph, text: str, tongue: Tongue) -> None:
        for piece in pieces(text):
            if piece.url:
                _add_link(paragraph, piece.url, tongue)
            else:
                _add_run(paragraph, piece.text, tongue)


def _add_run(paragraph: DocxParagraph, text: str, tongue: Tongue) -> Run:
    run = paragraph.add_run(text)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), tongue.tag)
    run._r.get_or_add_rPr().append(language)
    return run


def _add_link(paragraph: DocxParagraph, url: str, tongue: Tongue) -> None:
    """A real link: python-docx reads links but cannot make them."""
    relation = paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), relation)
    run = _add_run(paragraph, url, tongue)
    run.font.underline = True
    run.font.color.rgb = _LINK
    link.append(run._r)
    paragraph._p.append(link)


def _without_times(content: bytes) -> bytes:
    """The same package without the moment at which it was packed."""
    packed = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name), source.read(name), ZIP_DEFLATED)
    return packed.getvalue()
