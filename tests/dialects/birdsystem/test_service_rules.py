"""What a delivery service forbids, at both sides of each of its rules."""

import pytest

from crossdock.dialects.birdsystem.creating import RECIPIENT_WIDTHS, RULED_CHARACTERS_MAX
from tests.dialects.birdsystem.calls import LEAST, PARCEL, Erp, failure
from tests.world import World


async def ruled(world: World, **rules) -> Erp:
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE delivery_service SET rules = %(rules)s WHERE id = %(id)s", rules=rules, id=PARCEL)
    world.desk.accounts.forget()
    return Erp(world.client)


@pytest.mark.parametrize("name", ["contact", "address_line1", "address_line2", "address_line3", "post_code"])
async def test_lengths(world, name):
    erp = await ruled(world, **{f"restrict_max_length_{name}": "7"})

    await erp.create(**{name: "a" * 7})
    given = {"delivery_service_id": PARCEL, "contact": "A", "country_iso": "GB"} | {name: "a" * 8}
    refused = await erp.post("consignment", **given)
    assert refused == failure(f"Invalid value for {name}")


@pytest.mark.parametrize(
    ("rules", "name"),
    [
        ({"restrict_max_length_post_code": "10"}, "post_code"),
        ({"restrict_regex_post_code": "^a{1,10}$"}, "post_code"),
        ({"restrict_max_length_contact": "100"}, "contact"),
    ],
)
async def test_a_rule_looks_at_what_was_sent_not_at_what_would_be_kept(world, rules, name):
    erp = await ruled(world, **rules)
    width = RECIPIENT_WIDTHS[name]

    made = await erp.create(**{name: "a" * width})
    for wrong in ({"id": made["id"]}, LEAST):
        refused = await erp.post("consignment", **(wrong | {name: "a" * (width + 1)}))
        assert refused == failure(f"Invalid value for {name}")
    erp = await ruled(world)
    assert (await erp.create(**{name: "a" * (width + 1)}))[name] == "a" * width


async def test_how_much_a_rule_looks_at(world):
    erp = await ruled(world, restrict_max_length_contact=str(RULED_CHARACTERS_MAX - 1))
    refused = await erp.post("consignment", **(LEAST | {"contact": "a" * RULED_CHARACTERS_MAX}))
    assert refused == failure("Invalid value for contact")

    erp = await ruled(world, restrict_max_length_contact=str(RULED_CHARACTERS_MAX))
    await erp.create(contact="a" * (RULED_CHARACTERS_MAX + 1))


@pytest.mark.parametrize("rule", ["0", "", None, 0, "many"])
async def test_no_length(world, rule):
    erp = await ruled(world, restrict_max_length_contact=rule)

    await erp.create(contact="a" * 100)


@pytest.mark.parametrize("name", ["post_code", "telephone"])
@pytest.mark.parametrize("pattern", ["^[A-Z]{2}[0-9]$", "/^[a-z]{2}[0-9]$/i"])
async def test_patterns(world, name, pattern):
    erp = await ruled(world, **{f"restrict_regex_{name}": pattern})

    await erp.create(**{name: "PR9"})
    await erp.create()
    answer = await erp.post(
        "consignment", delivery_service_id=PARCEL, contact="A", country_iso="GB", **{name: "PR99"}
    )
    assert answer == failure(f"Invalid value for {name}")


@pytest.mark.parametrize("pattern", ["([a-z", "", None])
async def test_a_pattern_that_cannot_be_read_forbids_nothing(world, pattern):
    erp = await ruled(world, restrict_regex_post_code=pattern)

    await erp.create(post_code="PR9 0ZZ")


@pytest.mark.parametrize(("rule", "allowed"), [("1", True), (None, True), ("0", False), (0, False), (False, False)])
async def test_urgent(world, rule, allowed):
    erp = await ruled(world, is_allow_urgent_consignment=rule)

    answer = await erp.post("consignment", delivery_service_id=PARCEL, contact="A", country_iso="GB", is_urgent="1")
    assert answer["success"] is allowed
    if not allowed:
        assert answer == failure("Invalid value for is_urgent")
