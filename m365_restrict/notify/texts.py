"""Every sentence of every mail, whole and in one place, so that a catalogue can translate it.

No sentence has room for a person's name or address: the case reference is all that names a case
(policy.md 3, F18 and F19). Words in braces are filled in.
"""

from collections.abc import Mapping

from m365_restrict.notify.notice import NoticeKind, Role
from m365_restrict.register.case import CouncillorRoute, Measure
from m365_restrict.register.choice import Handling

OPEN_CASE = "Open case {reference} in the list"
OPEN_CHOICE = "Open your choice in the list"
OPEN_LIST = "Open the list"
FIND_CASE = "It is item {item} of the list '{title}'."
NAMES_NOBODY = (
    "This mail names nobody on purpose. Please do not forward it to people who do not work on the case."
)
NONE_GIVEN = "not given yet"

# To the approver, when a case is proposed -----------------------------------------------------------------

APPROVER_SUBJECT = "Case {reference} waits for your decision"
APPROVER_START = (
    "Case {reference} has been proposed. Nobody's mail changes unless an approver saves it with Status "
    "Approved."
)
APPROVER_DECISION = "The decision in six lines"
APPROVER_MISSING = "What is missing"
APPROVER_NOTHING_MISSING = "Nothing else is missing."
APPROVER_EFFECT = "Likely effect"
APPROVER_HOW = (
    "To approve: open the case, read it, set Status to Approved and save. To refuse: set Status to Rejected "
    "and save. Only what is in the list counts; answering this mail decides nothing."
)

LINE_MEASURE: Mapping[Measure, str] = {
    Measure.REDIRECT: "What happens: e-mail goes to the single contact instead of those it was written to.",
    Measure.COPY: "What happens: e-mail is delivered, and the single contact gets a copy.",
    Measure.ALLOWED_ONLY: (
        "What happens: e-mail reaches the recipients that are allowed; all other e-mail goes to the single "
        "contact."
    ),
    Measure.FILE: "What happens: e-mail goes to a mailbox where it is read and filed without a reply.",
    Measure.REFUSE: "What happens: e-mail is refused with a notice that says how to reach the council.",
    Measure.JUNK: "What happens: e-mail to the named mailboxes goes to their Junk Email folders.",
    Measure.REQUESTED: "What happens: the person is asked to write to one contact; no e-mail is touched.",
    Measure.NO_EMAIL: "What happens: nothing is done to e-mail.",
}
LINE_MEASURE_MISSING = "What happens: no measure is picked yet."
LINE_WHOLE_COUNCIL = "Whose mail: the whole council's. Sender addresses: {addresses}."
LINE_NAMED = "Whose mail: named mailboxes or groups, {mailboxes} in all. Sender addresses: {addresses}."
LINE_SCOPE_MISSING = "Whose mail: not said yet."
LINE_COUNCILLORS: Mapping[CouncillorRoute, str] = {
    CouncillorRoute.NOT_AFFECTED: "Councillors: their mail is not affected.",
    CouncillorRoute.ALTERNATIVE: (
        "Councillors: their mail is not affected; another way to reach the ward councillor is arranged."
    ),
    CouncillorRoute.OPTED_IN: (
        "Councillors: their mail is not affected unless a councillor chooses so in their own list."
    ),
}
LINE_COUNCILLORS_MISSING = "Councillors: the case does not say how contact with them stands."
LINE_DAYS = "How long: from {start} up to and including {end}."
LINE_CHANNELS = "What stays open: {channels}."
LINE_NO_CHANNEL = "What stays open: no way of contact is recorded."
LINE_TOLD = "Told in writing: on {day}."
LINE_NOT_TOLD = "Told in writing: not recorded yet; nothing is in force before it is."

# The likely effect ----------------------------------------------------------------------------------------

EFFECT_ONE_MESSAGE = "In {days} days {who} wrote 1 message to 1 mailbox: {parts}."
EFFECT_ONE_MAILBOX = "In {days} days {who} wrote {messages} messages to 1 mailbox: {parts}."
EFFECT_MESSAGES = "In {days} days {who} wrote {messages} messages to {mailboxes} mailboxes: {parts}."
EFFECT_THIS_ADDRESS = "this address"
EFFECT_THESE_ADDRESSES = "these {addresses} addresses"
EFFECT_CAUGHT: Mapping[Measure, str] = {
    Measure.REDIRECT: "{count} would have gone to the single contact",
    Measure.COPY: "{count} would have been delivered with a copy to the single contact",
    Measure.ALLOWED_ONLY: "{count} would have gone to the single contact",
    Measure.FILE: "{count} would have gone to the mailbox where mail is filed",
    Measure.REFUSE: "{count} would have been refused with a notice",
    Measure.JUNK: "{count} would have gone to Junk Email",
    Measure.REQUESTED: "{count} would have been touched",
    Measure.NO_EMAIL: "{count} would have been touched",
}
EFFECT_EXEMPT = "{count} to councillors and protected mailboxes untouched"
EFFECT_EXEMPT_AND_ALLOWED = "{count} to councillors, protected mailboxes and allowed recipients untouched"
EFFECT_OUTSIDE = "{count} to mailboxes that the case does not cover untouched"
EFFECT_NONE = (
    "In {days} days no message from {who} was seen. Check the spelling of the address before you approve."
)
EFFECT_SOME_UNSEEN = (
    "From {unseen} of the {addresses} addresses no message was seen in that time: check their spelling."
)
EFFECT_NO_MAIL_MEASURE = "This measure leaves e-mail as it is, so it would have touched no message."
EFFECT_NOT_GRANTED = "The likely effect is not known: {reason}."
EFFECT_NOT_YET = (
    "The likely effect is not known: it can be told once the measure, the addresses, the scope and the "
    "mailboxes that the measure needs are filled in correctly."
)

# To the case owner ----------------------------------------------------------------------------------------

OWNER_SUBJECT = "Case {reference}: something is missing"
OWNER_START = "The checks of the last run found this in case {reference}:"
OWNER_MISSING = "What to do"
OWNER_REFUSED = "Until it is put right, the case is not enforced."
OWNER_WAITING = "What was approved stays in force; your later edit waits for an approver."
OWNER_AGAIN = "You get another mail only when this changes."

# To a councillor about their own choice -------------------------------------------------------------------

CHOICE_SUBJECT_LIVE = "Your mail choice {item} is in place"
CHOICE_SUBJECT_REFUSED = "Your mail choice {item} is not carried out"
CHOICE_SUBJECT_ENDED = "Your mail choice {item} has ended"
CHOICE_HAPPENS: Mapping[Handling, str] = {
    Handling.FOLDER: "Mail from the sender that you named goes to the folder '{folder}' in your mailbox.",
    Handling.JUNK: "Mail from the sender that you named goes to your Junk Email folder.",
    Handling.CATEGORY: (
        "Mail from the sender that you named stays in your Inbox and is marked with a category."
    ),
    Handling.AS_COUNCIL: (
        "The council's arrangement in case {case} now covers your mailbox too, because you chose so."
    ),
    Handling.DELEGATE: "The person that you named may set choices for your mailbox until you delete this.",
    Handling.STOP: "Mail from the sender that you named stays in your Inbox.",
}
CHOICE_AS_COUNCIL: Mapping[Measure, str] = {
    Measure.REDIRECT: "That mail goes to the council's single contact instead of you: officers will read it.",
    Measure.COPY: "You get that mail, and the council's single contact gets a copy: officers will read it.",
    Measure.ALLOWED_ONLY: (
        "That mail goes to the council's single contact instead of you: officers will read it."
    ),
    Measure.FILE: "That mail goes to a mailbox where officers read and file it, instead of you.",
    Measure.REFUSE: "That mail is refused with a notice; you do not see it.",
    Measure.JUNK: "That mail goes to your Junk Email folder.",
    Measure.REQUESTED: "That arrangement changes no mail.",
    Measure.NO_EMAIL: "That arrangement changes no mail.",
}
CHOICE_AUDIT = "For now Exchange only logs what it would do, because the council is still trying this out."
CHOICE_JUNK_EMPTIED = (
    "Junk Email is not a store: Microsoft 365 normally deletes what is in it after 30 days. Choose a folder "
    "if you may want to read it later."
)
CHOICE_UNTIL = "This lasts up to and including {end}."
CHOICE_HOW_TO_STOP = (
    "To stop at any time, open the choice in the list '{title}' and pick 'Leave in Inbox', or delete it. You "
    "may also change or delete the rule in Outlook; nobody will put it back."
)
CHOICE_HOW_TO_STOP_DELEGATE = "To stop at any time, delete the choice in the list '{title}'."
CHOICE_NOBODY_ELSE = "Nobody else is told of your choice; this mail went to you alone."
CHOICE_DELAY = "It may take 30 minutes or more until it works everywhere."
CHOICE_REFUSED = "What you asked for is not done, and your mail is delivered as usual."
CHOICE_REASON = "The reason: {reason}"
CHOICE_ENDED: Mapping[str, str] = {
    "stopped": "You stopped it. Mail from that sender stays in your Inbox again.",
    "date": "Its last day has passed. Mail from that sender stays in your Inbox again.",
    "gone": "It was deleted from the list. Mail from that sender stays in your Inbox again.",
    "holder": (
        "You changed or deleted its rule in Outlook. That counts: what you did stands, and nobody will put "
        "the rule back."
    ),
    "refused": "It can no longer be carried out. Mail from that sender stays in your Inbox again.",
    "retired": (
        "The council has taken the program out of use that carried it out. Mail from that sender stays in "
        "your Inbox again. You can make a rule of your own in Outlook."
    ),
}
CHOICE_AGAIN = "To have it again, save the choice anew in the list '{title}'."

# When the program is taken out of use ---------------------------------------------------------------------

RETIRED_SUBJECT = "Restricted contact: the program is out of use, and who looks after it now"
RETIRED_START = (
    "The program that made restricted-contact decisions true in e-mail has been taken out of use. Decisions "
    "stay in the register; nothing acts on what is saved there any more."
)
RETIRED_OPEN = "E-mail is no longer restricted in these cases: {case}."
RETIRED_LEFT = (
    "These restrictions stay until their own end, and nothing lifts them earlier: {case}. Ask ICT if one has "
    "to be lifted before."
)
RETIRED_NONE = "none"
RETIRED_COUNCILLORS = "Councillors' own choices have ended, and each councillor has been told."

# Notices about the life of a case -------------------------------------------------------------------------

NOTICE_SUBJECT: Mapping[NoticeKind, str] = {
    NoticeKind.ENDING: "Case {reference} ends on {ends_on}",
    NoticeKind.ENDED_WITHOUT_REVIEW: "Case {reference} has ended without a review",
    NoticeKind.REVIEW_OPENED: "Case {reference}: a review is due on {due_on}",
    NoticeKind.REVIEW_DUE: "Case {reference}: the review is due today",
    NoticeKind.REVIEW_OVERDUE: "Case {reference}: the review is overdue",
    NoticeKind.LETTER_DUE: "Case {reference}: the outcome of a review must be told",
    NoticeKind.LETTER_OVERDUE: "Case {reference}: the outcome of a review has not been told",
    NoticeKind.ANSWER_OVERDUE: "Case {reference}: an answer is overdue",
    NoticeKind.NOTICE_WAITING: "Case {reference} waits for the written notice",
    NoticeKind.BLOCKED_ELSEWHERE: "Case {reference} has ended, but mail is still blocked",
    NoticeKind.DELETION_DUE: "Case {reference} may be deleted",
    NoticeKind.ANNUAL_LOG_REVIEW: "The yearly review of the register is due",
    NoticeKind.WORKLIST: "Restricted contacts: what is due",
}
NOTICE_BODY: Mapping[NoticeKind, tuple[str, ...]] = {
    NoticeKind.ENDING: (
        "The restriction in case {reference} is in force up to and including {ends_on}; days left: "
        "{days_left}. After that day mail reaches everyone again by itself.",
        "If staff still need it, review the case now and record the outcome Extend with a new end date in "
        "the list of reviews. If not, nothing need be done.",
        "A review since the decision is on record: {review_recorded}.",
    ),
    NoticeKind.ENDED_WITHOUT_REVIEW: (
        "The restriction in case {reference} ended on {ends_on} and no review was recorded. Mail reaches "
        "everyone again: tell the staff concerned, and tell the person that it has ended.",
    ),
    NoticeKind.REVIEW_OPENED: (
        "Case {reference} must be reviewed by {due_on}. Item {review_item} is waiting for the outcome in the "
        "list of reviews.",
        "Record what was considered, the outcome and the day of the decision. The person must then be told.",
    ),
    NoticeKind.REVIEW_DUE: (
        "Case {reference} must be reviewed by {due_on}, which is today, and no outcome is recorded.",
    ),
    NoticeKind.REVIEW_OVERDUE: (
        "Case {reference} should have been reviewed by {due_on}; days over: {days_over}. A restriction that "
        "nobody reviews is what ombudsmen find fault with most often.",
    ),
    NoticeKind.LETTER_DUE: (
        "A review of case {reference} was decided on {decided_on} (outcome: {outcome}). The person must be "
        "told in writing by {due_on}.",
        "Once the letter is out, fill in 'Outcome told on' in review {review_item}.",
    ),
    NoticeKind.LETTER_OVERDUE: (
        "A review of case {reference} was decided on {decided_on} (outcome: {outcome}). The person should "
        "have been told in writing by {due_on}; days over: {days_over}.",
        "Once the letter is out, fill in 'Outcome told on' in review {review_item}.",
    ),
    NoticeKind.ANSWER_OVERDUE: (
        "Item {review_item} of the list of reviews ({review_kind}, case {reference}) was opened on "
        "{opened_on} and is not decided; days open: {days_open}.",
    ),
    NoticeKind.NOTICE_WAITING: (
        "Case {reference} is approved and should be in force from {effective_from}, but the written notice "
        "is not recorded. Nothing is in force before the person has been told.",
        "Send the notice, then fill in 'Notice sent on'.",
    ),
    NoticeKind.BLOCKED_ELSEWHERE: (
        "Case {reference} has ended, but something that this program did not make stops mail: {places}.",
        "Ask ICT to remove it. The case is closed only after a run has proven that nothing is left.",
    ),
    NoticeKind.DELETION_DUE: (
        "Case {reference} has been closed long enough: by the policy it may be deleted from {due_on}.",
        "Set Legal hold on the item if it must be kept. Otherwise ask ICT to run the deletion.",
    ),
    NoticeKind.ANNUAL_LOG_REVIEW: (
        "The whole register must be looked at once a year; this is due by {due_on}. Item {review_item} is "
        "waiting for the outcome in the list of reviews.",
    ),
    NoticeKind.WORKLIST: (
        "Overdue: {overdue}. Due soon: {due}. Waiting for others: {waiting}.",
        "{text}",
    ),
}
NOTICE_ROLE: Mapping[Role, str] = {
    Role.CASE_OWNER: "You get this because you own the case.",
    Role.APPROVER: "You get this because you may approve restrictions.",
    Role.MONITORING_OFFICER: "You get this as monitoring officer, because nobody has acted so far.",
    Role.GOVERNANCE: "You get this because you keep the register.",
}

# The invitation after an election -------------------------------------------------------------------------

INVITATION_SUBJECT = "Your mail: what the council does to it, and what you may choose"
INVITATION = (
    "Welcome. The council restricts the e-mail of very few people, each by a recorded decision that ends. "
    "None of these restrictions touches mail that is written to you: whoever writes to you reaches you.",
    "You may choose otherwise for your own mailbox, one sender at a time: move their mail to a folder or to "
    "Junk Email, mark it with a category, or have the council's arrangement in a case cover your mailbox "
    "too. Only you can choose this; nobody can choose it for you unless you let them, and nobody is told "
    "what you chose.",
    "How: open the list '{title}', add an item with the sender's address, and pick what should happen. You "
    "get a mail that says what was done, until when, and how to stop.",
    "Junk Email is not a store: Microsoft 365 normally deletes what is in it after 30 days. A folder keeps "
    "everything.",
    "A choice ends after 12 months, or earlier if you say so{term}. You may stop it, or change its rule in "
    "Outlook, at any time.",
    "Choices of the councillors before you have ended; you have inherited none.",
)
INVITATION_TERM = ", and at the latest on {term_ends_on}, when the term ends"
