"""The second factor: codes of 30 seconds (RFC 6238), each good once, and codes on paper for a lost phone."""

import secrets
from hashlib import sha256

import pyotp
from pyotp.exceptions import OTPVerificationError

from crossdock.base.seal import Seal
from crossdock.core.operators import deeds, sql
from crossdock.core.operators.errors import CodeSpent, CodeWrong, SecondFactorMissing, SecondFactorSet
from crossdock.core.operators.model import (
    ISSUER,
    RECOVERY_CHARACTERS,
    RECOVERY_CODES,
    RECOVERY_FROM,
    TOTP_DIGITS,
    TOTP_WINDOW,
    Enrolment,
    Operator,
)
from crossdock.db.tx import Tx


async def enrol(tx: Tx, seal: Seal, *, operator: Operator) -> Enrolment:
    """The secret to be taken over into a phone: the same until it is confirmed. Errors: SecondFactorSet."""
    found = await _locked(tx, operator)
    if found.second_factor:
        raise SecondFactorSet()
    if found.totp_sealed is None:
        secret = pyotp.random_base32()
        await sql.keep_secret(tx, operator_id=operator.id, totp_sealed=seal.seal(secret))
    else:
        secret = seal.open(found.totp_sealed)
    address = pyotp.TOTP(secret).provisioning_uri(name=operator.username, issuer_name=ISSUER)
    return Enrolment(secret=secret, address=address)


async def confirm(tx: Tx, seal: Seal, *, operator: Operator, code: str) -> list[str]:
    """The phone shows the right code: it is needed from now on. Recovery codes, told only here.

    Errors: CodeWrong, SecondFactorSet, SecondFactorMissing.
    """
    found = await _locked(tx, operator)
    if found.second_factor:
        raise SecondFactorSet()
    if found.totp_sealed is None:
        raise SecondFactorMissing()
    step = _step(tx, seal.open(found.totp_sealed), code)
    codes = [
        "".join(secrets.choice(RECOVERY_FROM) for _ in range(RECOVERY_CHARACTERS)) for _ in range(RECOVERY_CODES)
    ]
    await sql.confirm_secret(tx, operator_id=operator.id, step=step, recovery_hashes=[_hash(code) for code in codes])
    await deeds.note(tx, operator, "set_totp", about=operator, before={"totp": False}, after={"totp": True})
    return codes


async def check(tx: Tx, seal: Seal, *, operator: Operator, code: str) -> None:
    """The code of the phone, or one of those on paper; either is good once.

    Errors: CodeWrong, CodeSpent, SecondFactorMissing.
    """
    found = await _locked(tx, operator)
    if not found.second_factor or found.totp_sealed is None:
        raise SecondFactorMissing()
    given = code.replace(" ", "").replace("-", "").lower()
    if len(given) == RECOVERY_CHARACTERS:
        if not await sql.spend_recovery(tx, operator_id=operator.id, code_hash=_hash(given)):
            raise CodeWrong()
        left = len(found.recovery_hashes) - 1
        await deeds.note(
            tx, operator, "recovery_used", about=operator, before={"left": left + 1}, after={"left": left}
        )
        return
    if not await sql.spend_step(tx, operator_id=operator.id, step=_step(tx, seal.open(found.totp_sealed), given)):
        raise CodeSpent()


async def _locked(tx: Tx, operator: Operator) -> sql.Secret:
    found = await sql.locked(tx, operator_id=operator.id)
    if found is None:
        raise SecondFactorMissing()
    return found


def _step(tx: Tx, secret: str, code: str) -> int:
    """Of which step it is. Errors: CodeWrong."""
    given = code.replace(" ", "")
    if len(given) != TOTP_DIGITS or not given.isascii():
        raise CodeWrong()
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(given, for_time=tx.now, valid_window=TOTP_WINDOW)
    except OTPVerificationError:
        raise CodeWrong() from None


def _hash(code: str) -> str:
    """80 random bits: a plain hash cannot be searched."""
    return sha256(code.encode()).hexdigest()
