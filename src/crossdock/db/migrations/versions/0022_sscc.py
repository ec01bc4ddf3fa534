"""SSCCs that were handed out, and how far each company prefix is used."""

from alembic import op

revision = "0022"
down_revision = "0021"

STATEMENTS = (
    """
CREATE TABLE sscc_counter (
    prefix TEXT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT sscc_counter_pkey PRIMARY KEY (prefix),
    CONSTRAINT sscc_counter_prefix_check CHECK (prefix ~ '^[0-9]{4,12}$'),
    CONSTRAINT sscc_counter_used_check CHECK (used BETWEEN 0 AND power(10::numeric, 17 - length(prefix)))
)
""",
    """
CREATE TABLE sscc (
    code TEXT NOT NULL,
    batch TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    site_id BIGINT NOT NULL,
    product_id BIGINT,
    quantity BIGINT,
    lot TEXT DEFAULT '' NOT NULL,
    expires_on DATE,
    handed_out_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT sscc_pkey PRIMARY KEY (code),
    CONSTRAINT sscc_site_fkey FOREIGN KEY(account_id, site_id) REFERENCES site (account_id, id),
    CONSTRAINT sscc_product_fkey FOREIGN KEY(account_id, product_id) REFERENCES product (account_id, id),
    CONSTRAINT sscc_code_check CHECK (code ~ '^[0-9]{18}$'),
    CONSTRAINT sscc_content_check CHECK ((product_id IS NULL) = (quantity IS NULL) AND quantity > 0)
)
""",
    "CREATE INDEX sscc_account_id_batch_idx ON sscc (account_id, batch)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
