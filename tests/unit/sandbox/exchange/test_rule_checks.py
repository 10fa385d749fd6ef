import pytest


def test_a_rule_needs_an_action(tenant, refused) -> None:
    """exchange.md 1.7."""
    tenant.base = {"From": ["x@out.example"]}
    with pytest.raises(refused) as error:
        tenant.new()
    assert error.value.text == (
        "To be valid, all rules have to include at least one action. Please specify an action. "
        "(Parameter 'Actions')"
    )


def test_the_last_action_cannot_be_taken_away(tenant, refused) -> None:
    tenant.new()
    with pytest.raises(refused, match="at least one action"):
        tenant.changed(DeleteMessage=False)


def test_a_rule_needs_no_condition(tenant) -> None:
    """exchange.md 1.4: such a rule acts on all messages."""
    tenant.base = {"DeleteMessage": True}
    assert tenant.new()["Conditions"] is None


@pytest.mark.parametrize("name", ["Rule", "RULE"])
def test_a_name_is_taken_once(tenant, refused, name) -> None:
    tenant.new()
    with pytest.raises(refused, match="already exists") as error:
        tenant.new(name)
    assert error.value.status == 400


def test_a_rule_may_keep_its_own_name_in_another_case(tenant) -> None:
    tenant.new()
    assert tenant.changed(Name="RULE")["Name"] == "RULE"


@pytest.mark.parametrize("name", ["", None])
def test_a_rule_needs_a_name(tenant, refused, name) -> None:
    with pytest.raises(refused):
        tenant.new(name)


@pytest.mark.parametrize(
    ("name", "longest"),
    [("Name", 64), ("Comments", 1024), ("RejectMessageReasonText", 1024), ("ApplyHtmlDisclaimerText", 5000)],
)
def test_texts_have_limits(tenant, refused, name, longest) -> None:
    """exchange.md 2.2, 3."""
    tenant.new()
    tenant.changed(**{name: "t" * longest})
    with pytest.raises(refused):
        tenant.run("Set-TransportRule", Identity=tenant.rules()[0]["Guid"], **{name: "t" * (longest + 1)})


def test_a_rule_of_290_addresses_of_25_characters_fits(tenant) -> None:
    """exchange.md 3, rough capacity."""
    senders = [f"a{n:05d}@sender-two.example" for n in range(290)]
    assert len(senders[0]) == 25
    assert tenant.new(From=senders)["Size"] < 8192


def test_a_rule_beyond_8192_characters_is_refused(tenant, refused) -> None:
    """exchange.md 1.7, 3."""
    with pytest.raises(refused, match="too large") as error:
        tenant.new(From=[f"a{n:06d}@sender-two.example" for n in range(300)])
    assert "the maximum number of characters is 8192" in error.value.text


def test_size_of_the_recorded_rule(tenant) -> None:
    """exchange.md 9: 382 for a one-condition, one-action rule."""
    tenant.base = {}
    assert tenant.new(FromScope="NotInOrganization", PrependSubject="[External]")["Size"] == 382


def test_words_and_patterns_share_one_budget(tenant, refused) -> None:
    """exchange.md 1.7, 3: tenant-wide, 20480 characters."""
    for part in range(4):
        words = [f"{part}{n:02d}".ljust(100, "w") for n in range(50)]
        tenant.new(f"Part {part}", FromAddressContainsWords=words)
    tenant.new("Full", ExceptIfSubjectMatchesPatterns=["p" * 120, "q" * 120, "r" * 120, "s" * 120])
    with pytest.raises(refused, match="using 20481 characters"):
        tenant.new("One more", SenderDomainIs=["d"])


def test_addresses_do_not_count_in_that_budget(tenant) -> None:
    assert tenant.new()["RegexSize"] == 0


def test_the_301st_rule_is_refused(tenant, refused) -> None:
    """exchange.md 3."""
    with tenant.store.batch():
        for number in range(300):
            tenant.new(f"Rule {number}")
    with pytest.raises(refused, match="300"):
        tenant.new("One more")


def test_redirect_and_reject_exclude_each_other(tenant, refused) -> None:
    """exchange.md 2.5."""
    with pytest.raises(refused, match="combined"):
        tenant.new(RedirectMessageTo=["spoc@ashbourne.example"], RejectMessageReasonText="No")


def test_a_reject_can_become_a_redirect_in_one_set(tenant) -> None:
    tenant.base = {"From": ["x@out.example"]}
    tenant.new(RejectMessageReasonText="No")
    rule = tenant.changed(RejectMessageReasonText=None, RedirectMessageTo=["spoc@ashbourne.example"])
    assert rule["RejectMessageEnhancedStatusCode"] is None
    assert rule["Actions"] == ["Microsoft.Exchange.MessagingPolicies.Rules.Tasks.RedirectMessageAction"]


@pytest.mark.parametrize(
    ("given", "text", "code"),
    [
        ({"RejectMessageReasonText": "No"}, "No", "5.7.1"),
        (
            {"RejectMessageEnhancedStatusCode": "5.7.900"},
            "Delivery not authorized, message refused",
            "5.7.900",
        ),
        ({"RejectMessageReasonText": "No", "RejectMessageEnhancedStatusCode": "5.7.950"}, "No", "5.7.950"),
    ],
)
def test_half_a_rejection_is_completed(tenant, given, text, code) -> None:
    """exchange.md 2.5, 7.1 row 13."""
    rule = tenant.new(**given)
    assert (rule["RejectMessageReasonText"], rule["RejectMessageEnhancedStatusCode"]) == (text, code)


def test_more_than_ten_redirect_targets_are_stored(tenant) -> None:
    """exchange.md 3: accepted, and silently not applied."""
    targets = [f"t{n}@out.example" for n in range(11)]
    assert tenant.new(RedirectMessageTo=targets)["RedirectMessageTo"] == targets


def test_header_name_and_words_come_together(tenant, refused) -> None:
    """exchange.md 2.3, 7.1 row 21."""
    with pytest.raises(refused, match="together"):
        tenant.new(HeaderContainsMessageHeader="X-Test")
    rule = tenant.new(HeaderContainsMessageHeader="X-Test", HeaderContainsWords=["yes"])
    assert rule["Conditions"][1].endswith(".HeaderContainsPredicate")
    assert len(rule["Conditions"]) == 2
    assert (
        tenant.changed(HeaderContainsMessageHeader=None, HeaderContainsWords=[])["HeaderContainsWords"]
        is None
    )
