"""What is owed, written as rows: an account, receivers, and callbacks in the order they are named."""

from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from crossdock.base.clock import Clock
from crossdock.base.ids import AccountId, CallbackId, ReceiverId
from crossdock.base.seal import Seal

DIALECT = "test"
SECRET = "s3cr3t-of-the-partner"


class Owing:
    def __init__(self, url: str, clock: Clock, seal: Seal) -> None:
        self._conn = psycopg.connect(url, autocommit=True, row_factory=namedtuple_row)
        self._clock = clock
        self._seal = seal
        self._number = 0
        self.account_id = self.account("partner")

    def close(self) -> None:
        self._conn.close()

    def rows(self, statement: str, *params: Any) -> list[Any]:
        return self._conn.execute(statement, params).fetchall()

    def value(self, statement: str, *params: Any) -> Any:
        return self.rows(statement, *params)[0][0]

    def account(self, code: str) -> AccountId:
        return AccountId(
            self.value(
                "INSERT INTO account (code, name, zone, currency) VALUES (%s, %s, 'Asia/Shanghai', 'CNY')"
                " RETURNING id",
                code,
                code,
            )
        )

    def credential(self, secret: bytes | None = None) -> int:
        return int(
            self.value(
                "INSERT INTO credential (account_id, dialect, key, secret_sealed)"
                " VALUES (%s, %s, 'partner-key', %s) RETURNING id",
                self.account_id,
                DIALECT,
                secret or self._seal.seal(SECRET),
            )
        )

    def receiver(
        self,
        url: str,
        *,
        name: str = "erp",
        dialect: str = DIALECT,
        credential_id: int | None = None,
        active: bool = True,
    ) -> ReceiverId:
        return ReceiverId(
            self.value(
                "INSERT INTO receiver (account_id, dialect, name, url, kinds, credential_id, active)"
                " VALUES (%s, %s, %s, %s, '{order.state}', %s, %s) RETURNING id",
                self.account_id,
                dialect,
                name,
                url,
                credential_id,
                active,
            )
        )

    def callback(self, receiver_id: ReceiverId, mailbox: str = "order:1", **facts: Any) -> CallbackId:
        """The next one; its facts are its number `n`, its mailbox, and what is given."""
        self._number += 1
        now = self._clock.now()
        event_id = self.value(
            "INSERT INTO event (account_id, kind, subject, dialect, actor, facts, happened_at, learned_at)"
            " VALUES (%s, 'order.state', %s, 'house', '', %s, %s, %s) RETURNING id",
            self.account_id,
            mailbox,
            Jsonb({"n": self._number, "mailbox": mailbox, **facts}),
            now,
            now,
        )
        return CallbackId(
            self.value(
                "INSERT INTO callback (account_id, receiver_id, event_id, mailbox, due_at, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
                self.account_id,
                receiver_id,
                event_id,
                mailbox,
                now,
                now,
            )
        )

    def states(self) -> list[str]:
        """In the order the callbacks were written."""
        return [row.state for row in self.rows("SELECT state FROM callback ORDER BY id")]

    def tries(self) -> list[Any]:
        return self.rows("SELECT * FROM callback_attempt ORDER BY id")
