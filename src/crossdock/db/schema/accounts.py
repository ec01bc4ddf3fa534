"""Who owns what: accounts, the companies opened for them, their keys in each dialect, and the places."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from crossdock.db.schema.base import big, document, flag, identity, metadata, moment, whole, words

account = Table(
    "account",
    metadata,
    identity(),
    words("code"),
    words("name"),
    words("zone"),
    words("currency"),
    document("settings"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("code"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
)

company = Table(
    "company",
    metadata,
    whole("id"),
    words("name"),
    words("currency"),
    words("zone"),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id BETWEEN 1 AND 999", name="three_digits"),
)

account_company = Table(
    "account_company",
    metadata,
    big("account_id", ForeignKey("account.id")),
    whole("company_id", ForeignKey("company.id")),
    PrimaryKeyConstraint("account_id", "company_id"),
)

credential = Table(
    "credential",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    words("dialect"),
    words("key"),
    Column("secret_sealed", LargeBinary, nullable=True),
    document("scope"),
    moment("valid_from", null=True),
    moment("valid_until", null=True),
    moment("revoked_at", null=True),
    moment("last_used_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("dialect", "key"),
    Index(None, "account_id"),
)

site = Table(
    "site",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    words("kind"),
    words("code"),
    words("name"),
    whole("company_id", ForeignKey("company.id"), null=True),
    words("zone"),
    document("address"),
    document("settings"),
    flag("active", "true"),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "code"),
    UniqueConstraint("account_id", "id"),
    CheckConstraint("kind IN ('warehouse', 'shop', 'station')", name="kind"),
)

sub_inventory = Table(
    "sub_inventory",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    words("code"),
    words("name"),
    flag("over_receipt", "true"),
    document("contact"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "code"),
    UniqueConstraint("account_id", "id"),
)
"""`over_receipt`: more than was announced is taken in."""

consignee = Table(
    "consignee",
    metadata,
    big("account_id", ForeignKey("account.id")),
    words("code"),
    words("name"),
    document("recipient"),
    document("partner_fields"),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("account_id", "code"),
)
"""Who goods are sent to again and again, under a code of the account's own."""

delivery_service = Table(
    "delivery_service",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    whole("company_id", ForeignKey("company.id")),
    words("name"),
    words("method"),
    words("order_type", default="'LOCAL'"),
    big("site_id", null=True),
    words("box_size", null=True),
    document("rules"),
    flag("active", "true"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "company_id", "name"),
    ForeignKeyConstraint(
        ["account_id", "site_id"], ["site.account_id", "site.id"], name="delivery_service_site_fkey"
    ),
    CheckConstraint("method IN ('parcel', 'locker', 'shop')", name="method"),
    CheckConstraint("method = 'parcel' OR site_id IS NOT NULL", name="place_known"),
)

organisation = Table(
    "organisation",
    metadata,
    big("id"),
    big("account_id", ForeignKey("account.id")),
    words("name"),
    PrimaryKeyConstraint("id"),
)

enterprise = Table(
    "enterprise",
    metadata,
    big("id"),
    big("account_id", ForeignKey("account.id")),
    words("name"),
    words("code", default="''"),
    PrimaryKeyConstraint("id"),
)

organisation_enterprise = Table(
    "organisation_enterprise",
    metadata,
    big("organisation_id", ForeignKey("organisation.id")),
    big("enterprise_id", ForeignKey("enterprise.id")),
    PrimaryKeyConstraint("organisation_id", "enterprise_id"),
)

department = Table(
    "department",
    metadata,
    big("id"),
    big("enterprise_id", ForeignKey("enterprise.id")),
    big("site_id", ForeignKey("site.id")),
    words("shop_code", null=True),
    words("name"),
    PrimaryKeyConstraint("id"),
    Index(
        "department_shop_code_idx",
        "enterprise_id",
        "shop_code",
        unique=True,
        postgresql_where=text("shop_code IS NOT NULL"),
    ),
)

enterprise_user = Table(
    "enterprise_user",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("enterprise_id", ForeignKey("enterprise.id")),
    words("username"),
    words("password_hash"),
    words("token_hash", null=True),
    Column("token_sealed", LargeBinary, nullable=True),
    flag("active", "true"),
    moment("last_login", null=True),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("username"),
    UniqueConstraint("token_hash"),
    Index(None, "enterprise_id"),
)
