import pytest


@pytest.mark.parametrize(
    ("given", "stored"),
    [("audit", "Audit"), ("Enf", "Enforce"), ("AuditA", "AuditAndNotify"), ("Audit", "Audit")],
)
def test_enumerations_match_by_prefix_and_read_back_as_spelt(tenant, given, stored) -> None:
    """exchange.md 1.3."""
    assert tenant.new(Mode=given)["Mode"] == stored


@pytest.mark.parametrize("given", ["Aud", "Nonsense", " "])
def test_a_bad_enumerator_lists_the_valid_ones(tenant, refused, given) -> None:
    """exchange.md 1.7."""
    with pytest.raises(refused) as error:
        tenant.new(Mode=given)
    assert "Cannot process argument transformation on parameter 'Mode'" in error.value.text
    assert "Specify one of" in error.value.text
    assert error.value.text.endswith('Audit, AuditAndNotify, Enforce"')


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2027-03-28T23:00:00Z", "2027-03-28T23:00:00.0000000+00:00"),
        ("2027-03-29T00:00:00+01:00", "2027-03-28T23:00:00.0000000+00:00"),
        ("2027-03-28T23:00:00.5", "2027-03-28T23:00:00.5000000+00:00"),
        ("2027-03-28T23:00:00.0000000+00:00", "2027-03-28T23:00:00.0000000+00:00"),
    ],
)
def test_dates_read_back_as_an_instant(tenant, given, stored) -> None:
    """exchange.md 7.1 rows 8 and 25."""
    assert tenant.new(ExpiryDate=given)["ExpiryDate"] == stored


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ExpiryDate", "28/03/2027"),
        ("ExpiryDate", 5),
        ("ExpiryDate", "0001-01-01T00:00:00+05:00"),
        ("DeleteMessage", "true"),
        ("Priority", "first"),
        ("Comments", ["a", "b"]),
        ("GenerateIncidentReport", ["a@out.example"]),
        ("From", {"@odata.type": "#Exchange.GenericHashTable", "Add": ["a@out.example"]}),
        ("From", [5]),
        ("MessageSizeOver", "big"),
    ],
)
def test_a_value_of_the_wrong_type_cannot_be_transformed(tenant, refused, name, value) -> None:
    """exchange.md 1.3."""
    with pytest.raises(refused) as error:
        tenant.new(**{name: value})
    assert error.value.text.startswith(f"Cannot process argument transformation on parameter '{name}'")


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("From", "bare@out.example", ["bare@out.example"]),
        ("SubjectContainsWords", "bare", ["bare"]),
        ("PrependSubject", "EXTERNAL: ", "EXTERNAL: "),
        ("SetSCL", 5, "5"),
        ("SetSCL", "-1", "-1"),
        ("MessageSizeOver", "10MB", "10 MB (10,485,760 bytes)"),
        ("AttachmentSizeOver", 1536, "1.5 KB (1,536 bytes)"),
        ("Comments", "", None),
        ("SenderIpRanges", ["192.0.2.0/24"], ["192.0.2.0/24"]),
        ("GenerateIncidentReport", "alias.officer@ashbourne.example", "officer@ashbourne.example"),
    ],
)
def test_how_values_read_back(tenant, name, given, stored) -> None:
    """exchange.md 7.1."""
    assert tenant.new(**{name: given})[name] == stored


@pytest.mark.parametrize("value", ["", [""]])
@pytest.mark.parametrize("name", ["FromAddressMatchesPatterns", "FromAddressContainsWords"])
def test_an_empty_pattern_leaves_a_rule_without_condition(tenant, name, value) -> None:
    """exchange.md 1.4: accepted, and the rule then matches all mail."""
    tenant.base = {"DeleteMessage": True}
    rule = tenant.new(**{name: value})
    assert rule[name] is None
    assert rule["Conditions"] is None


@pytest.mark.parametrize("word", [" padded", "padded ", "w" * 129])
def test_words_have_no_outer_blanks_and_a_limit(tenant, refused, word) -> None:
    """exchange.md 2.3."""
    with pytest.raises(refused):
        tenant.new(FromAddressContainsWords=[word])


@pytest.mark.parametrize("code", ["5.7.1", "5.7.900", "5.7.999"])
def test_status_codes_that_a_rejection_takes(tenant, code) -> None:
    """exchange.md 2.5."""
    assert tenant.new(RejectMessageEnhancedStatusCode=code)["RejectMessageEnhancedStatusCode"] == code


@pytest.mark.parametrize("code", ["5.7.2", "5.7.899", "550"])
def test_status_codes_that_a_rejection_refuses(tenant, refused, code) -> None:
    with pytest.raises(refused):
        tenant.new(RejectMessageEnhancedStatusCode=code)


@pytest.mark.parametrize("level", [-2, 10])
def test_a_spam_level_outside_the_scale_is_refused(tenant, refused, level) -> None:
    with pytest.raises(refused):
        tenant.new(SetSCL=level)
