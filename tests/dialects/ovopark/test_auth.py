"""Keys and clocks: which moment of a key, and which time stamp, is refused how."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.base.errors import CallerUnknown, ClockSkew
from crossdock.base.ids import AccountId, CredentialId
from crossdock.core.accounts.model import Credential
from crossdock.dialects.ovopark.auth import check_credential, check_timestamp
from crossdock.dialects.ovopark.errors import ApplicationWrong, KeyExpired, TimestampMalformed

NOW = datetime(2024, 1, 15, 1, 30, tzinfo=UTC)
STAMP = "20240115093000"
SECOND = timedelta(seconds=1)
WINDOW = timedelta(minutes=10)


def credential(**changes: object) -> Credential:
    return Credential(id=CredentialId(1), account_id=AccountId(47), dialect="ovopark", key="k", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("now", [NOW - WINDOW, NOW, NOW + WINDOW])
def test_a_stamp_within_the_window(now: datetime) -> None:
    check_timestamp(STAMP, now, window=WINDOW)


@pytest.mark.parametrize("now", [NOW - WINDOW - SECOND, NOW + WINDOW + SECOND])
def test_a_stamp_outside_the_window(now: datetime) -> None:
    with pytest.raises(ClockSkew):
        check_timestamp(STAMP, now, window=WINDOW)


@pytest.mark.parametrize(
    "text", ["1705282200123", "2024011509300", "202401150930000", "20241315093000", "2024-01-15 09:30", "２" * 14]
)
def test_a_stamp_that_is_none(text: str) -> None:
    with pytest.raises(TimestampMalformed):
        check_timestamp(text, NOW, window=WINDOW)


def test_a_key_without_an_application_belongs_to_the_classic_one() -> None:
    check_credential(credential(), "S107", NOW)
    with pytest.raises(ApplicationWrong):
        check_credential(credential(), "DC-009901", NOW)
    with pytest.raises(ApplicationWrong):
        check_credential(credential(scope={"aid": "DC-009901"}), "S107", NOW)


def test_a_key_ends() -> None:
    check_credential(credential(valid_until=NOW + SECOND), "S107", NOW)
    with pytest.raises(KeyExpired):
        check_credential(credential(valid_until=NOW), "S107", NOW)


def test_a_key_that_is_revoked_or_not_yet_valid_is_unknown() -> None:
    for dead in (
        credential(revoked_at=NOW),
        credential(revoked_at=NOW, valid_until=NOW),
        credential(valid_from=NOW + SECOND, valid_until=NOW + 2 * SECOND),
    ):
        with pytest.raises(CallerUnknown):
            check_credential(dead, "S107", NOW)
    check_credential(credential(valid_from=NOW), "S107", NOW)
