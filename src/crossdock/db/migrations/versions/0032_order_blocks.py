"""How many orders of each sort have ids of one block, so that a page far behind is found without what lies before."""

from alembic import op

revision = "0032"
down_revision = "0031"

SORT = "account_id, company_id, kind, dialect, type, state"
BLOCKS = f"""
LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE order_tally ADD COLUMN block BIGINT;
CREATE TABLE order_block (
    account_id BIGINT NOT NULL,
    company_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    dialect TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    width BIGINT NOT NULL,
    block BIGINT NOT NULL,
    orders BIGINT NOT NULL
);
INSERT INTO order_block ({SORT}, width, block, orders)
SELECT {SORT}, 1000, id / 1000, count(*) FROM orders GROUP BY {SORT}, id / 1000;
INSERT INTO order_block ({SORT}, width, block, orders)
SELECT {SORT}, wider, block * 1000 / wider, sum(orders)
  FROM order_block CROSS JOIN unnest('{{100000,10000000,1000000000000}}'::bigint[]) AS wider
 GROUP BY {SORT}, wider, block * 1000 / wider;
CREATE INDEX order_block_idx ON order_block (account_id, company_id, width, block);
DELETE FROM order_tally;
INSERT INTO order_tally ({SORT}, orders)
SELECT {SORT}, sum(orders) FROM order_block WHERE width = 1000 GROUP BY {SORT};

CREATE OR REPLACE FUNCTION tally_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO order_tally ({SORT}, block, orders)
        SELECT {SORT}, id / 1000, count(*) FROM after GROUP BY {SORT}, id / 1000;
    ELSIF TG_OP = 'TRUNCATE' THEN
        DELETE FROM order_tally;
        DELETE FROM order_block;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO order_tally ({SORT}, block, orders)
        SELECT {SORT}, id / 1000, -count(*) FROM before GROUP BY {SORT}, id / 1000;
    ELSE
        INSERT INTO order_tally ({SORT}, block, orders)
        SELECT {SORT}, id / 1000, sum(one)
          FROM (SELECT {SORT}, id, 1 AS one FROM after
                UNION ALL SELECT {SORT}, id, -1 FROM before) moved
         GROUP BY {SORT}, id / 1000 HAVING sum(one) <> 0;
    END IF;
    RETURN NULL;
END
$$;
"""
"""A row of the tally says of which block it is until it is folded into that block's rows. The lock waits for whoever
writes orders: what is counted here and what the triggers add from then on is every order once."""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(BLOCKS)
