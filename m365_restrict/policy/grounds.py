"""What grounds in a person's own words are about, as far as words tell. It only ever warns."""

import re

# Criticism, chasing, challenging an outcome and asking for information are not unreasonable (policy.md M-16).
_CRITICISM = re.compile(
    r"\b(critici\w+|critic|complain\w*|challeng\w+|disagree\w*|dissatisf\w+|freedom of information|foi|eir"
    r"|subject access|sar|information requests?|requests? for information"
    r"|questions? (?:competence|decisions?)|petition\w*|press|journalis\w+|campaign\w*)\b",
    re.IGNORECASE,
)
# What makes it more than that: behaviour, or a matter that was closed.
_BEHAVIOUR = re.compile(
    r"\b(abus\w+|harass\w*|aggress\w+|threat\w*|violen\w+|insult\w*|offensive|swear\w*|shout\w*|racis\w+"
    r"|sexis\w+|volume|repeat\w*|repetitive|persist\w+|many staff|closed|vexatious|obsessive|disrupt\w*"
    r"|imped\w+|unreasonabl\w+|excessive|intimidat\w+|derogatory|malicious)\b",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(r"\b((?:tele)?phoned?|calls?|caller|called|rang)\b", re.IGNORECASE)
_MORE_THAN_ONE_CALL = re.compile(
    r"\b(e-?mails?|letters?|writ\w+|messages?|post|online|many staff"
    r"|repeat\w*|persist\w+|many|several|volume|daily|weekly|calls|continu\w+)\b",
    re.IGNORECASE,
)


def is_criticism(ground: str) -> bool:
    """Whether a ground names criticism, a complaint, a challenge or a request, and no behaviour."""
    return bool(_CRITICISM.search(ground)) and not _BEHAVIOUR.search(ground)


def is_about_telephone(ground: str) -> bool:
    """Whether a ground is about one incident on the telephone and nothing in writing (policy.md Y1-7)."""
    return bool(_TELEPHONE.search(ground)) and not _MORE_THAN_ONE_CALL.search(ground)
