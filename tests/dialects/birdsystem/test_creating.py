"""The columns of a new consignment: required, cut, refused, and what a service forbids."""

import pytest

from crossdock.base.ids import AccountId, CompanyId, ServiceId
from crossdock.core.accounts.errors import ServiceUnknown
from crossdock.core.accounts.model import DeliveryService
from crossdock.dialects.birdsystem import creating, words
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired

LEAST = {"delivery_service_id": "5217", "contact": "Alex Sample", "country_iso": "GB"}


def service(**changes) -> DeliveryService:
    given = {
        "id": ServiceId(5217),
        "account_id": AccountId(47),
        "company_id": CompanyId(36),
        "name": "飞鸟小包",
        "method": "parcel",
        "order_type": "LOCAL",
        "rules": {},
    }
    return DeliveryService(**(given | changes))


def refused_for(error: type[Exception], **given) -> str:
    with pytest.raises(error) as caught:
        creating.asked(LEAST | given)
    return caught.value.facts["field"]


def test_the_least_that_can_be_said():
    asked = creating.asked(LEAST)

    assert (asked.type, asked.service_id) == ("LOCAL", 5217)
    assert asked.recipient == {"contact": "Alex Sample", "country_iso": "GB"}
    assert asked.partner_fields == {}


@pytest.mark.parametrize("missing", sorted(LEAST))
@pytest.mark.parametrize("value", [None, ""])
def test_required(missing, value):
    assert refused_for(ValueRequired, **{missing: value}) == missing


def test_blanks_are_no_contact():
    assert refused_for(ValueRequired, contact="   ") == "contact"


@pytest.mark.parametrize("missing", ["address_line1", "city", "post_code"])
def test_only_agent_direct_needs_an_address(missing):
    address = {"address_line1": "3 Example Close", "city": "Telford", "post_code": "tf13hx"}
    del address[missing]

    assert creating.asked(LEAST | address).type == "LOCAL"
    assert refused_for(ValueRequired, type="AGENT_DIRECT", **address) == missing


@pytest.mark.parametrize("type_", sorted(words.CREATED_TYPES))
def test_types_in_any_case(type_):
    address = {"address_line1": "3 Example Close", "city": "Telford", "post_code": "tf13hx"}

    action = {"return_consignment_action-id": "92"}
    assert creating.asked(LEAST | address | action | {"type": type_.lower()}).type == type_


@pytest.mark.parametrize("type_", ["CLIENT_DIRECT", "PARCEL", 7])
def test_other_types_are_refused(type_):
    assert refused_for(ValueInvalid, type=type_) == "type"


@pytest.mark.parametrize("name", sorted(creating.RECIPIENT_WIDTHS))
def test_recipient_is_cut_to_its_column(name):
    width = creating.RECIPIENT_WIDTHS[name]

    for length in (width - 1, width, width + 1):
        recipient = creating.asked(LEAST | {name: "ä" * length}).recipient
        assert creating.cut(recipient) == recipient | {name: "ä" * min(length, width)}


@pytest.mark.parametrize("name", sorted(creating.CUT_WIDTHS))
def test_notes_and_sender_are_cut_to_their_column(name):
    width = creating.CUT_WIDTHS[name]

    for length in (width, width + 1):
        assert creating.asked(LEAST | {name: "x" * length}).partner_fields[name] == "x" * width


@pytest.mark.parametrize("name", sorted(creating.REFUSED_WIDTHS))
def test_references_are_never_cut(name):
    width = creating.REFUSED_WIDTHS[name]

    assert creating.asked(LEAST | {name: "x" * width}).partner_fields[name] == "x" * width
    assert refused_for(ValueInvalid, **{name: "x" * (width + 1)}) == name


@pytest.mark.parametrize("name", sorted(creating.DECIMALS_BELOW))
def test_decimals(name):
    below = creating.DECIMALS_BELOW[name]

    for good in ("10", "0.5", 10, 10.25, f"{below - 1}.999"):
        assert creating.asked(LEAST | {name: good}).partner_fields[name] == str(good)
    for bad in (str(below), "-1", "ten", "1e3", "NaN", [1], {"a": 1}):
        assert refused_for(ValueInvalid, **{name: bad}) == name


@pytest.mark.parametrize(
    ("sent", "kept"), [("0", "0"), ("1", "1"), (True, "1"), (False, "0"), (1, "1"), ("true", "1")]
)
def test_flags(sent, kept):
    assert creating.asked(LEAST | {"is_urgent": sent}).partner_fields["is_urgent"] == kept


def test_an_empty_flag_means_its_default():
    assert "is_urgent" not in creating.asked(LEAST | {"is_urgent": ""}).partner_fields
    assert refused_for(ValueInvalid, is_urgent="maybe") == "is_urgent"


@pytest.mark.parametrize(("sent", "kept"), [("0", "0"), ("1", "1"), ("2", "1"), (7, "1")])
def test_any_non_zero_asks_for_compensation(sent, kept):
    fields = creating.asked(LEAST | {"is_compensation_for_delay": sent}).partner_fields

    assert fields["is_compensation_for_delay"] == kept


def test_words_of_the_export_papers_in_any_case_and_both_spellings():
    assert creating.asked(LEAST | {"reason_for_expot": "gift"}).partner_fields == {"reason_for_export": "gift"}
    assert creating.asked(LEAST | {"content_type": "Documents"}).partner_fields == {"content_type": "Documents"}
    assert refused_for(ValueInvalid, reason_for_export="theft") == "reason_for_export"


def test_country_in_any_case_and_both_spellings():
    alias = {"delivery_service_id": "5217", "contact": "Alex Sample", "county_iso": "de"}

    assert creating.asked(alias).recipient["country_iso"] == "DE"
    assert creating.asked(alias | {"country_iso": "fr"}).recipient["country_iso"] == "FR"
    assert refused_for(ValueInvalid, country_iso="UK") == "country_iso"
    assert refused_for(ValueInvalid, sender_country_iso="XX") == "sender_country_iso"


def test_values_are_kept_as_sent():
    assert creating.asked(LEAST | {"post_code": "tf13hx", "city": " Telford "}).recipient == {
        "contact": "Alex Sample",
        "city": " Telford ",
        "post_code": "tf13hx",
        "country_iso": "GB",
    }


@pytest.mark.parametrize("value", ["a\x00b", ["a"], {"a": 1}])
def test_what_no_text_column_holds(value):
    assert refused_for(ValueInvalid, city=value) == "city"


@pytest.mark.parametrize("value", ["five", "-1", "1.5", "1" * 19])
def test_service_ids_are_whole_numbers(value):
    assert refused_for(ValueInvalid, delivery_service_id=value) == "delivery_service_id"


def test_what_the_client_may_not_set_is_passed_over():
    fields = {"status": "FINISHED", "delivery_reference": "J1", "total_price": "9", "_dc": "1", "company_id": "1"}

    assert creating.asked(LEAST | fields) == creating.asked(LEAST)


@pytest.mark.parametrize("changes", [{"active": False}, {"company_id": CompanyId(1)}, {"order_type": "DIRECT"}])
def test_a_service_that_cannot_be_used(changes):
    creating.check_service(service(), creating.asked(LEAST), company_id=CompanyId(36))
    with pytest.raises(ServiceUnknown):
        creating.check_service(service(**changes), creating.asked(LEAST), company_id=CompanyId(36))


@pytest.mark.parametrize("rule", sorted(creating.LENGTH_RULES))
def test_a_service_restricts_lengths(rule):
    name = creating.LENGTH_RULES[rule]

    def check(length: int, length_max: str | None) -> None:
        asked = creating.asked(LEAST | {name: "x" * length})
        creating.check_service(service(rules={rule: length_max}), asked, company_id=CompanyId(36))

    check(8, "8")
    with pytest.raises(ValueInvalid):
        check(9, "8")
    for unlimited in (None, "", "0"):
        check(10, unlimited)


@pytest.mark.parametrize(
    ("rule", "name", "good", "bad"),
    [
        ("restrict_regex_post_code", "post_code", "PR9 0ZZ", "12345"),
        ("restrict_regex_telephone", "telephone", "PR9", "0123"),
    ],
)
def test_a_service_restricts_patterns(rule, name, good, bad):
    rules = {rule: "^[A-Z]{2}[0-9]"}

    creating.check_service(service(rules=rules), creating.asked(LEAST), company_id=CompanyId(36))
    creating.check_service(service(rules=rules), creating.asked(LEAST | {name: good}), company_id=CompanyId(36))
    with pytest.raises(ValueInvalid):
        creating.check_service(service(rules=rules), creating.asked(LEAST | {name: bad}), company_id=CompanyId(36))


def test_a_service_forbids_urgency():
    urgent = creating.asked(LEAST | {"is_urgent": "1"})
    forbidding = service(rules={"is_allow_urgent_consignment": "0"})

    creating.check_service(service(), urgent, company_id=CompanyId(36))
    creating.check_service(forbidding, creating.asked(LEAST), company_id=CompanyId(36))
    with pytest.raises(ValueInvalid):
        creating.check_service(forbidding, urgent, company_id=CompanyId(36))
