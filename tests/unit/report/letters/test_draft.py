"""What the letters say, in which language, and that nothing unchecked or half translated is issued."""

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from m365_restrict.errors import ConfigurationError
from m365_restrict.policy.profile import Challenge, Ombudsman
from m365_restrict.register.case import Channel, CouncillorRoute, Language, Measure, Scope
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.report.letters.codes import LetterCode
from m365_restrict.report.letters.draft import Letter
from m365_restrict.report.letters.facts import LetterRefused
from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage, Tongue
from m365_restrict.report.letters.language import Wording, language_for, read_wording
from m365_restrict.report.letters.templates_folder import load_templates
from settings.profiles import load_profile

K, L = LetterKind, LetterLanguage


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def text_of(letter) -> str:
    assert isinstance(letter, Letter), letter
    parser = _Text()
    parser.feed(letter.html.partition("<main>")[2])
    return " ".join(" ".join(parser.found).split())


@pytest.mark.requirement("Y1-12", "Y1-19", "M-18", "M-22", "M-54", "T-10")
@pytest.mark.parametrize(
    "said",
    [
        "Our reference: RC-2026-014",
        "P Person 1 High Street Ashbourne",
        "4 September 2026",
        "goes to one mailbox, contact@ash.example",
        "p@post.example",
        "It applies to the whole council.",
        "because of: Threats",
        "We warned you about this on 1 July 2026.",
        "from 7 September 2026 up to and including 7 March 2027",
        "no later than 1 February 2027",
        "by telephone: 01632 960000",
        "by post: Ashbourne Council, Town Hall, Ashbourne",
        "To ask for a service: Telephone 01632 960001.",
        "make a new complaint",
        "To make a new complaint: Write to Complaints.",
        "You can still write to your councillors.",
        "under our policy: Contact policy. You can read it at https://ash.example/policy",
        "the Public Services Ombudsman for Wales",
        "another format. Telephone 01632 960002.",
        "We welcome correspondence in Welsh",
        "B Director Director of Services Ashbourne Council",
    ],
)
def test_a_decision_letter_says_all_that_it_must(usual_letters, said):
    assert said in text_of(usual_letters())


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (Measure.REDIRECT, "It does not reach the other addresses"),
        (Measure.COPY, "delivered as before. A copy of it also goes to contact@ash.example"),
        (Measure.ALLOWED_ONLY, "unless you send it to an address that stays open"),
        (Measure.FILE, "anything new or urgent is dealt with. We will not acknowledge"),
        (Measure.REFUSE, "is not delivered. Each time you receive an automatic message"),
        (Measure.JUNK, "normally deleted after 30 days"),
        (Measure.REQUESTED, "We ask you to send e-mail to one address only, contact@ash.example"),
        (Measure.NO_EMAIL, "How your e-mail is delivered does not change."),
    ],
)
@pytest.mark.parametrize("kind", [K.DECISION, K.REMINDER])
def test_every_measure_is_explained(desk, kind, measure, said):
    assert said in text_of(desk.letter(kind, measure=measure))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scope": Scope.NAMED, "scope_mailboxes": ("planning@ash.example",)},
         "only to e-mail that you send to: planning@ash.example"),
        ({"allowed_recipients": ("housing@ash.example",)}, "stay open to you: housing@ash.example"),
        ({"councillor_route": CouncillorRoute.ALTERNATIVE, "ward_councillors": ("Cllr A. Example",)},
         "with these councillors, who will deal with what you raise: Cllr A. Example"),
        ({"councillor_route": CouncillorRoute.OPTED_IN}, "You can still write to councillors."),
        ({"channels_open": (), "no_channel_reason": "court order"}, "for this reason: court order"),
        ({"channels_open": (Channel.WEB_FORM,)}, "by web form: https://ash.example/form"),
        ({"channels_open": (Channel.EMAIL_SPOC,)}, "by e-mail to contact@ash.example"),
        ({"channels_open": (Channel.ADVOCATE,)}, "through an advocate"),
        ({"channels_open": (Channel.FACE_TO_FACE,)}, "face to face"),
        ({"route_text": "Write to PO Box 1."}, "Write to PO Box 1."),
    ],
)  # fmt: skip
def test_what_the_register_adds_is_said(desk, changes, said):
    changes.setdefault("ward_councillors", ())
    assert said in text_of(desk.letter(**changes))


@pytest.mark.parametrize(
    ("outcome", "said", "goes_on"),
    [
        (Outcome.EXTEND, "goes on, up to and including 7 June 2027", True),
        (Outcome.AMEND, "The arrangement changes.", True),
        (Outcome.KEEP, "The arrangement stays as it is.", True),
        (Outcome.DISMISSED, "The decision stands.", True),
        (Outcome.LIFT, "The arrangement ends.", False),
        (Outcome.UPHELD, "We agree with you. The arrangement ends", False),
    ],
)
@pytest.mark.requirement("M-50", "M-51")
def test_every_outcome_of_a_review_is_told(desk, outcome, said, goes_on):
    text = text_of(desk.letter(K.REVIEW, review=replace(desk.review, outcome=outcome)))
    assert said in text
    assert "We decided on 1 February 2027." in text
    assert "What we considered: No contact since December." in text
    assert ("What the arrangement is" in text) is goes_on


@pytest.mark.requirement("Y1-20")
def test_a_representation_is_answered_as_one(desk):
    review = replace(desk.review, kind=ReviewKind.REPRESENTATION, outcome=Outcome.DISMISSED)
    assert "You asked us to look again" in text_of(desk.letter(K.REVIEW, review=review))


def test_a_lift_letter_says_from_when(desk):
    assert "It does not apply from 8 March 2027." in text_of(desk.letter(K.LIFT))


@pytest.mark.requirement("Y1-13")
def test_a_reminder_adds_nothing_to_the_arrangement(desk):
    text = text_of(desk.letter(K.REMINDER))
    assert "it adds nothing to it" in text
    assert "Threats" not in text


@pytest.mark.parametrize(
    ("challenge", "said"),
    [
        (Challenge.REPRESENTATIONS, "write to the officer who signed this letter"),
        (Challenge.FORMAL_COMPLAINT, "as a formal complaint. Somebody who was not involved"),
        (Challenge.APPEAL, "You can appeal."),
        (Challenge.NONE, "gives no right of appeal within the council"),
        (Challenge.NOT_STATED, "ask us to look at the decision again"),
    ],
)
def test_every_way_to_challenge_is_told(desk, challenge, said):
    profile = replace(load_profile("default"), challenge=challenge, challenge_working_days=10)
    text = text_of(desk.letter(profile=profile))
    assert said in text
    assert ("within 10 working days" in text) is (challenge is not Challenge.NONE)


@pytest.mark.parametrize(
    ("ombudsman", "name", "website"),
    [
        (Ombudsman.LGSCO, "the Local Government and Social Care Ombudsman", "https://www.lgo.org.uk"),
        (Ombudsman.PSOW, "the Public Services Ombudsman for Wales", "https://www.ombudsman.wales"),
        (Ombudsman.SPSO, "the Scottish Public Services Ombudsman", "https://www.spso.org.uk"),
        (Ombudsman.NIPSO, "the Northern Ireland Public Services Ombudsman", "https://nipso.org.uk"),
    ],
)
@pytest.mark.requirement("M-54", "W-18")
def test_the_nations_ombudsman_is_named(desk, ombudsman, name, website):
    text = text_of(desk.letter(profile=replace(load_profile("default"), ombudsman=ombudsman)))
    assert name in text
    assert website in text


# --- Welsh ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("W-0")
@pytest.mark.parametrize(
    "said",
    [
        "Ein cyfeirnod: RC-2026-014",
        "hyd at a chan gynnwys 7 Mawrth 2027",
        "erbyn 1 Chwefror 2027",
        "oherwydd: Bygythiadau",
        "Ombwdsmon Gwasanaethau Cyhoeddus Cymru",
        "Ni fydd ysgrifennu atom yn Gymraeg yn arwain at oedi.",
    ],
)
def test_a_welsh_letter_is_in_welsh(usual_letters, said):
    assert said in text_of(usual_letters(language=L.WELSH))


@pytest.mark.parametrize("kind", list(LetterKind))
def test_welsh_comes_first_where_there_are_both(usual_letters, kind):
    text = text_of(usual_letters(kind, L.BOTH))
    assert text.index("Cyngor Ashbourne") < text.index("Ashbourne Council")


@pytest.mark.parametrize(
    "changes",
    [{"welsh_checked_by": ""}, {"welsh_checked_on": None}, {"welsh_checked_on": date(2026, 9, 5)}],
)
@pytest.mark.parametrize("language", [L.WELSH, L.BOTH])
def test_welsh_that_nobody_has_checked_is_not_issued(desk, council_with, language, changes):
    refusal = desk.letter(language=language, council=council_with(**changes))
    assert isinstance(refusal, LetterRefused)
    assert refusal.code is LetterCode.WELSH_NOT_CHECKED
    assert "LETTERS__WELSH_CHECKED_BY" in refusal.message


def test_english_needs_nobody_to_check_the_welsh(desk, council_with):
    assert isinstance(desk.letter(council=council_with(welsh_checked_by="")), Letter)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"grounds": ("Own words",)}, "column Grounds"),
        ({"route_text": "Write to PO Box 1."}, "column RouteText"),
        ({"channels_open": (), "no_channel_reason": "court order"}, "column NoChannelReason"),
        ({"signatory_title": "Head of Housing"}, "column OfficerTitle"),
    ],
)
def test_words_without_welsh_refuse_the_welsh_letter_and_name_the_column(desk, changes, place):
    refusal = desk.letter(language=L.BOTH, **changes)
    assert refusal.code is LetterCode.WELSH_MISSING
    assert place in refusal.message
    assert isinstance(desk.letter(**changes), Letter)


def test_a_missing_welsh_setting_is_named(desk, council_with):
    refusal = desk.letter(language=L.WELSH, council=council_with(name=Wording("Ashbourne Council")))
    assert "M365_RESTRICT_LETTERS__COUNCIL_NAME_CY" in refusal.message


def test_an_officer_may_write_both_languages_into_one_column(desk):
    grounds = ("Galwadau niferus | Many calls",)
    assert "oherwydd: Galwadau niferus" in text_of(desk.letter(language=L.WELSH, grounds=grounds))
    assert "because of: Many calls" in text_of(desk.letter(grounds=grounds))


@pytest.mark.parametrize(
    ("written", "en", "cy"),
    [
        ("Threats", "Threats", ""),
        ("Bygythiadau | Threats", "Threats", "Bygythiadau"),
        (" Dim\n byd |  None ", "None", "Dim byd"),
        ("a|b", "a|b", ""),
    ],
)
def test_a_column_in_one_or_two_languages_is_read(written, en, cy):
    assert read_wording(written) == Wording(en, cy)


@pytest.mark.parametrize(
    ("preference", "welsh_policy"),
    [
        (Language.ENGLISH, L.ENGLISH),
        (Language.WELSH, L.WELSH),
        (Language.BOTH, L.BOTH),
        (Language.UNKNOWN, L.BOTH),
    ],
)
def test_the_language_follows_the_preference_where_the_policy_writes_welsh(preference, welsh_policy):
    assert language_for(preference, [Tongue.WELSH, Tongue.ENGLISH]) is welsh_policy
    assert language_for(preference, [Tongue.ENGLISH]) is L.ENGLISH


# --- templates, names of files, hostile values -------------------------------------------------------------


def test_the_files_name_holds_the_case_and_nobodys_name(desk):
    letter = desk.letter(language=L.BOTH)
    assert letter.file_name == "RC-2026-014_decision_2026-09-04_cy-en"


def test_equal_facts_give_equal_letters(desk):
    assert desk.letter(language=L.BOTH) == desk.letter(language=L.BOTH)


@pytest.mark.parametrize("value", ["## Not a heading", "- no list", "| x", "<b>bold</b>", "a\nb"])
def test_a_value_never_becomes_markup(desk, value):
    letter = desk.letter(route_text=value)
    usual = desk.letter(route_text="Write to us.")
    for tag in ("<h2>", "<li>", "<p", "<b>"):
        assert letter.html.count(tag) == usual.html.count(tag)


def test_a_councils_own_template_replaces_ours(desk, tmp_path):
    (tmp_path / "decision.txt").write_text("# {{ _('Our own letter') }}\n\n{{ reference }}: {{ ends_on }}\n")
    desk.templates = load_templates(tmp_path)
    assert text_of(desk.letter()) == "Our own letter RC-2026-014: 7 March 2027"
    assert "Dear P Person" in text_of(desk.letter(K.REMINDER))


def test_an_own_template_without_welsh_wording_is_refused_in_welsh(desk, tmp_path):
    (tmp_path / "decision.txt").write_text("# {{ _('Our own letter') }}\n")
    desk.templates = load_templates(tmp_path)
    refusal = desk.letter(language=L.WELSH)
    assert refusal.code is LetterCode.WELSH_MISSING
    assert "'Our own letter' (cy.po)" in refusal.message


def test_an_own_catalogue_adds_wordings(desk, tmp_path):
    (tmp_path / "decision.txt").write_text("# {{ _('Our own letter') }}\n")
    (tmp_path / "cy.po").write_text('msgid "Our own letter"\nmsgstr "Ein llythyr"\n', encoding="utf-8")
    desk.templates = load_templates(tmp_path)
    assert text_of(desk.letter(language=L.WELSH)) == "Ein llythyr"


def test_a_fuzzy_wording_counts_as_missing(desk, tmp_path):
    (tmp_path / "decision.txt").write_text("# {{ _('Our own letter') }}\n")
    (tmp_path / "cy.po").write_text('#, fuzzy\nmsgid "Our own letter"\nmsgstr "?"\n', encoding="utf-8")
    desk.templates = load_templates(tmp_path)
    assert desk.letter(language=L.WELSH).code is LetterCode.WELSH_MISSING


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ no_such_value }}", "no_such_value"),
        ("{% if %}", "decision.txt, line 1"),
        ("{{ ''.__class__.__mro__ }}", "decision.txt"),
        ("{{ _('%(missing)s') }}", "decision.txt"),
    ],
)
def test_a_template_that_cannot_be_used_is_named(desk, tmp_path, template, reason):
    (tmp_path / "decision.txt").write_text(template)
    desk.templates = load_templates(tmp_path)
    with pytest.raises(ConfigurationError, match=reason):
        desk.letter()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("decision.txt", b"\xff\xfe", "not UTF-8"),
        ("cy.po", b"nonsense", "cy.po cannot be read"),
        ("letter.docx", b"no document", "not a Word document"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(desk, tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)

    def load_and_draft() -> None:
        desk.templates = load_templates(tmp_path)
        desk.letter()

    with pytest.raises(ConfigurationError, match=reason):
        load_and_draft()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="There is no folder"):
        load_templates(tmp_path / "nowhere")
