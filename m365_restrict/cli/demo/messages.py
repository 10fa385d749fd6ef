"""About thirty messages that people might send to Northmere, and why each is worth sending."""

from dataclasses import dataclass
from email.message import EmailMessage

from m365_restrict.cli.demo.council import COUNCILLORS, at_council

_OFFICER = at_council("abigail.abbott")
_SECOND_OFFICER = at_council("adeel.barlow")
_CONTACT = at_council("contact.team")
_SAFEGUARDING = at_council("safeguarding")
_MEMBER = COUNCILLORS[20]
_OPTED_IN = COUNCILLORS[2]

_REDIRECTED = "j.holloway@mailpost.example"
_REFUSED = "r.stroud@inbox.example"
_COPIED = "morgan.tull@inbox.example"
_FILED = "pat.greaves@mailpost.example"
_ALLOWED = "casework@tenants-voice.example"
_JUNKED = "objections@hillside-group.example"
_NAMED = "l.brandt@fastmail.example"
_CHOSEN = "angry.resident@inbox.example"


@dataclass(frozen=True, kw_only=True)
class DemoMessage:
    """One message: what it shows, who sends it, and to whom. `envelope_from` defaults to the sender."""

    shows: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    display_name: str = ""
    envelope_from: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everyone in the envelope."""
        return self.to + self.cc + self.bcc

    def as_email(self, number: int) -> EmailMessage:
        """The message as it goes over SMTP; Bcc is in the envelope only."""
        email = EmailMessage()
        email["From"] = f"{self.display_name} <{self.sender}>" if self.display_name else self.sender
        email["To"] = ", ".join(self.to)
        if self.cc:
            email["Cc"] = ", ".join(self.cc)
        email["Subject"] = f"Demo message {number}"
        email["Message-ID"] = f"<demo-{number}@mailpost.example>"
        email["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
        email.set_content("Read by nobody: the rules look at addresses only.")
        return email


MESSAGES = (
    DemoMessage(
        shows="Redirect: an officer",
        sender=_REDIRECTED,
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Redirect: officer To, councillor and protected mailbox Cc, single contact To",
        sender=_REDIRECTED,
        to=(_OFFICER, _CONTACT),
        cc=(_MEMBER, _SAFEGUARDING),
    ),
    DemoMessage(
        shows="Redirect: two officers, one blind copied, meet the single contact once",
        sender=_REDIRECTED,
        to=(_OFFICER,),
        bcc=(_SECOND_OFFICER,),
    ),
    DemoMessage(
        shows="Redirect: the case's second address", sender="jh1968@fastmail.example", to=(_OFFICER,)
    ),
    DemoMessage(
        shows="Redirect: upper case",
        sender=_REDIRECTED.upper(),
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Redirect: the envelope names another sender",
        sender=_REDIRECTED,
        to=(_OFFICER,),
        envelope_from="bounces@mailer.example",
    ),
    DemoMessage(
        shows="Not caught: a longer name before",
        sender=f"x{_REDIRECTED}",
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Not caught: a longer domain after", sender=f"{_REDIRECTED}.test.example", to=(_OFFICER,)
    ),
    DemoMessage(
        shows="Not caught: a sub-domain",
        sender="j.holloway@news.mailpost.example",
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Not caught: the address only in the display name",
        sender="somebody.else@inbox.example",
        display_name=f'"{_REDIRECTED}"',
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Redirect: the councillors' group stays open",
        sender=_REDIRECTED,
        to=(_MEMBER,),
    ),
    DemoMessage(
        shows="Same as the council: a councillor who chose it",
        sender=_REDIRECTED,
        to=(_OPTED_IN,),
    ),
    DemoMessage(
        shows="Same as the council: one who chose it and one who did not",
        sender=_REDIRECTED,
        to=(_OPTED_IN,),
        cc=(_MEMBER,),
    ),
    DemoMessage(
        shows="File without reply",
        sender=_FILED,
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="File without reply: elections stays open", sender=_FILED, to=(at_council("elections"),)
    ),
    DemoMessage(
        shows="Copy: delivered, with a blind copy",
        sender=_COPIED,
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Copy: a councillor's mail is not copied",
        sender=_COPIED,
        to=(_MEMBER,),
    ),
    DemoMessage(
        shows="Allowed recipients: an allowed service",
        sender=_ALLOWED,
        to=(at_council("housing"),),
    ),
    DemoMessage(
        shows="Allowed recipients: one allowed, one not",
        sender=_ALLOWED,
        to=(at_council("housing"), at_council("planning")),
    ),
    DemoMessage(
        shows="Refuse: an officer",
        sender=_REFUSED,
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Refuse: officer and councillor",
        sender=_REFUSED,
        to=(_OFFICER,),
        cc=(_MEMBER,),
    ),
    DemoMessage(
        shows="Refuse: freedom of information stays open",
        sender=_REFUSED,
        to=(at_council("foi"),),
    ),
    DemoMessage(
        shows="Junk: a named mailbox",
        sender=_JUNKED,
        to=(at_council("planning"),),
    ),
    DemoMessage(
        shows="Junk: any other mailbox",
        sender=_JUNKED,
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Named mailboxes: a named one",
        sender=_NAMED,
        to=(at_council("benefits"),),
    ),
    DemoMessage(
        shows="Named mailboxes: any other",
        sender=_NAMED,
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="Single contact requested: nothing happens", sender="d.amery@mailpost.example", to=(_OFFICER,)
    ),
    DemoMessage(
        shows="Refused case: nothing happens",
        sender="k.orme@mailpost.example",
        to=(_OFFICER,),
    ),
    DemoMessage(
        shows="A councillor's choice: to a folder",
        sender=_CHOSEN,
        to=(COUNCILLORS[0],),
    ),
    DemoMessage(
        shows="A councillor's choice: to Junk Email",
        sender=_CHOSEN,
        to=(COUNCILLORS[1],),
    ),
    DemoMessage(
        shows="A councillor who chose nothing",
        sender=_CHOSEN,
        to=(COUNCILLORS[30],),
    ),
    DemoMessage(
        shows="Lifted case: nothing happens",
        sender="former.case@mailpost.example",
        to=(_OFFICER,),
    ),
)
