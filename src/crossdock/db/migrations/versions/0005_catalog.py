"""Products that are deleted, and lists that need not read a million orders."""

from alembic import op

revision = "0005"
down_revision = "0004"


TALLY_COLUMNS = "account_id, company_id, kind, dialect, type, state"
TALLY = f"""
CREATE TABLE order_tally (
    account_id BIGINT NOT NULL,
    company_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    dialect TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    orders BIGINT NOT NULL
);
CREATE INDEX order_tally_account_id_company_id_idx ON order_tally (account_id, company_id);
INSERT INTO order_tally ({TALLY_COLUMNS}, orders)
SELECT {TALLY_COLUMNS}, count(*) FROM orders GROUP BY {TALLY_COLUMNS};

CREATE FUNCTION tally_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO order_tally ({TALLY_COLUMNS}, orders)
        SELECT {TALLY_COLUMNS}, count(*) FROM after GROUP BY {TALLY_COLUMNS};
    ELSIF TG_OP = 'TRUNCATE' THEN
        DELETE FROM order_tally;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO order_tally ({TALLY_COLUMNS}, orders)
        SELECT {TALLY_COLUMNS}, -count(*) FROM before GROUP BY {TALLY_COLUMNS};
    ELSE
        INSERT INTO order_tally ({TALLY_COLUMNS}, orders)
        SELECT {TALLY_COLUMNS}, sum(one)
          FROM (SELECT {TALLY_COLUMNS}, 1 AS one FROM after
                UNION ALL SELECT {TALLY_COLUMNS}, -1 FROM before) moved
         GROUP BY {TALLY_COLUMNS} HAVING sum(one) <> 0;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER orders_tally_insert AFTER INSERT ON orders
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tally_orders();
CREATE TRIGGER orders_tally_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tally_orders();
CREATE TRIGGER orders_tally_truncate AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION tally_orders();
CREATE TRIGGER orders_tally_delete AFTER DELETE ON orders
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION tally_orders();
"""
"""How many orders there are of each sort: rows are only ever added, so that no writer waits for another. Triggers,
because a number that one forgotten statement does not bring along is worse than none."""


def upgrade() -> None:
    op.execute("ALTER TABLE product ADD COLUMN deleted_at TIMESTAMP WITH TIME ZONE")
    op.execute(
        "ALTER TABLE product ADD CONSTRAINT product_deleted_is_not_active_check"
        " CHECK (deleted_at IS NULL OR NOT active)"
    )
    op.execute("CREATE INDEX order_line_product_idx ON order_line (account_id, product_id, order_id)")
    op.execute(
        "CREATE INDEX orders_arriving_idx ON orders (account_id, id)"
        " WHERE kind = 'inbound' AND state IN ('announced', 'accepted', 'receiving')"
    )
    op.execute("DROP INDEX orders_account_company_state_idx")
    op.execute(
        "CREATE INDEX orders_listed_idx ON orders (account_id, company_id, dialect, state, id) INCLUDE (kind, type)"
    )
    op.execute("DROP INDEX orders_account_updated_idx")
    op.execute("CREATE INDEX orders_updated_idx ON orders (account_id, company_id, updated_at, id)")
    op.get_bind().exec_driver_sql(TALLY)
