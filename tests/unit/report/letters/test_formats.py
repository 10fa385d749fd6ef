"""The two files of a letter: an accessible .docx and a valid, accessible HTML page."""

from io import BytesIO
from itertools import pairwise
from zipfile import ZipFile

import html5lib
import pytest
from docx import Document
from docx.oxml.ns import qn

from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage
from m365_restrict.report.letters.templates_folder import load_templates

K, L = LetterKind, LetterLanguage
EACH = pytest.mark.parametrize("kind", list(LetterKind))
IN = pytest.mark.parametrize("language", list(LetterLanguage))


def opened(letter):
    return Document(BytesIO(letter.docx))


def headings(document) -> list[tuple[int, str]]:
    found = [
        (one.style.name, one.text) for one in document.paragraphs if one.style.name.startswith("Heading")
    ]
    return [(int(name.removeprefix("Heading ")), text) for name, text in found]


def tree(letter):
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(letter.html)


@EACH
@IN
def test_a_docx_has_real_headings_in_order(usual_letters, kind, language):
    found = headings(opened(usual_letters(kind, language)))
    levels = [level for level, _ in found]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert all(text for _, text in found)


@IN
def test_every_run_of_a_docx_says_its_language(desk, language):
    document = opened(desk.letter(language=language))
    runs = [run for run in document.element.body.iter(qn("w:r")) if run.findall(qn("w:t"))]
    tags = {
        run.find(f"{qn('w:rPr')}/{qn('w:lang')}").get(qn("w:val")) for run in runs if run.text.strip(" /")
    }
    assert tags == {tongue.tag for tongue in language.tongues}


@pytest.mark.parametrize(("language", "tag"), [(L.ENGLISH, "en-GB"), (L.WELSH, "cy-GB"), (L.BOTH, "cy-GB")])
def test_a_docx_has_a_language_of_its_own(desk, language, tag):
    document = opened(desk.letter(language=language))
    assert document.core_properties.language == tag
    assert {one.get(qn("w:val")) for one in document.styles.element.iter(qn("w:lang"))} == {tag}


def test_a_docx_has_a_title_and_names_nobody_in_its_properties(desk):
    properties = opened(desk.letter()).core_properties
    assert properties.title == "Our decision about your contact with the council (RC-2026-014)"
    assert properties.author == "Ashbourne Council"
    assert properties.comments == ""
    assert "Person" not in f"{properties.title}{properties.subject}{properties.author}"


def test_a_docx_has_no_text_boxes_pictures_or_tables(desk):
    with ZipFile(BytesIO(desk.letter(language=L.BOTH).docx)) as package:
        body = package.read("word/document.xml").decode()
    for element in ("w:txbxContent", "w:drawing", "w:pict", "w:tbl>"):
        assert element not in body


def test_lists_of_a_docx_are_lists(desk):
    styles = {one.text: one.style.name for one in opened(desk.letter()).paragraphs}
    assert styles["Threats"] == "List Bullet"


def test_web_addresses_of_a_docx_are_links(desk):
    document = opened(desk.letter())
    links = {one.address for paragraph in document.paragraphs for one in paragraph.hyperlinks}
    assert links == {"https://ash.example/policy", "https://www.ombudsman.wales"}


def test_a_docx_is_a4_in_twelve_points(desk):
    document = opened(desk.letter())
    assert round(document.sections[0].page_width.mm) == 210
    assert document.styles["Normal"].font.size.pt == 12


def test_a_councils_own_document_is_written_into(desk, tmp_path):
    own = Document()
    own.add_paragraph("Letterhead")
    own.save(str(tmp_path / "letter.docx"))
    desk.templates = load_templates(tmp_path)
    texts = [one.text for one in opened(desk.letter()).paragraphs]
    assert texts[0] == "Letterhead"
    assert "Dear P Person" in texts


@EACH
@IN
def test_the_page_is_valid_html(usual_letters, kind, language):
    assert tree(usual_letters(kind, language)).tag == "html"


@EACH
@IN
def test_a_page_has_one_h1_and_no_skipped_level(usual_letters, kind, language):
    levels = [int(one.tag[1]) for one in tree(usual_letters(kind, language)).iter() if one.tag in HEADINGS]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


HEADINGS = {"h1", "h2", "h3", "h4"}


def test_both_parts_of_a_page_say_their_language(desk):
    page = tree(desk.letter(language=L.BOTH))
    assert page.get("lang") == "cy-GB"
    assert [(one.get("id"), one.get("lang")) for one in page.iter("div")] == [
        ("cy", "cy-GB"),
        ("en", "en-GB"),
    ]
    assert {one.get("href") for one in page.find(".//ul").iter("a")} == {"#cy", "#en"}


def test_a_page_has_a_title_that_names_nobody(desk):
    page = tree(desk.letter())
    assert page.find(".//title").text == "Our decision about your contact with the council / RC-2026-014"


def test_a_page_loads_nothing(desk):
    html = desk.letter(language=L.BOTH).html
    assert "default-src 'none'" in html
    for loading in ("<script", "<img", "<link", "src=", "@import", "url("):
        assert loading not in html


def test_the_second_language_of_a_docx_begins_a_page(desk):
    document = opened(desk.letter(language=L.BOTH))
    first = [one.text for one in document.paragraphs if one.paragraph_format.page_break_before]
    assert [text.partition("\n")[0] for text in first] == ["Ashbourne Council"]
    assert all(one.text for one in document.paragraphs)
