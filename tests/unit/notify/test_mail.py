from m365_restrict.notify.links import ListPages
from m365_restrict.notify.mail import Link, bullets, mail

MAIL = mail(
    "Case <1> & more",
    "First.",
    "",
    bullets("What to do", ["One <b>", "Two"]),
    Link("Open it", "https://site.example/?a=1&b=2"),
)


def test_plain_text_shows_every_block_and_the_address_of_links():
    assert MAIL.text == (
        "First.\n\nWhat to do\n- One <b>\n- Two\n\nOpen it:\nhttps://site.example/?a=1&b=2\n"
    )


def test_html_has_a_language_one_heading_and_a_real_list():
    assert '<html lang="en-GB">' in MAIL.html
    assert MAIL.html.count("<h1>") == 1
    assert "<h2>What to do</h2>\n<ul><li>One &lt;b&gt;</li><li>Two</li></ul>" in MAIL.html


def test_nothing_in_a_mail_becomes_markup():
    assert "<title>Case &lt;1&gt; &amp; more</title>" in MAIL.html
    assert '<a href="https://site.example/?a=1&amp;b=2">Open it</a>' in MAIL.html


def test_an_item_is_linked_below_the_site_or_below_the_list_itself():
    by_site = ListPages(site_url="https://c.example/sites/r/", title="Restricted contacts")
    assert by_site.item("7") == "https://c.example/sites/r/Lists/Restricted%20contacts/DispForm.aspx?ID=7"
    by_list = ListPages(site_url="https://c.example/sites/r/Lists/RC", title="Restricted contacts")
    assert by_list.item("7") == "https://c.example/sites/r/Lists/RC/DispForm.aspx?ID=7"
    assert ListPages(site_url="", title="x").item("7") == ""
