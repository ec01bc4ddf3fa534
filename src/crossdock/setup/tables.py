"""Which database table each part of a setup file becomes a row of, in the order they are written."""

from typing import Any

from msgspec import Struct, field


class Table(Struct, frozen=True, kw_only=True):
    name: str
    word: str
    """What a row is called in changes and errors."""
    key: tuple[str, ...]
    """The columns that tell rows apart."""
    columns: dict[str, str]
    """Column -> PostgreSQL type, the key's included; `id` only where it is the key."""
    numbered: bool = True
    """Whether there is an `id` column."""
    stamped: bool = False
    """Whether there are `created_at` and `updated_at`."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """What a new row gets where the file is silent; other columns must be given then."""
    fixed: tuple[str, ...] = ()
    """Columns that never change once written, besides the key."""
    fields: dict[str, str] = field(default_factory=dict)
    """Column -> its key in the file, where the two differ."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Other sets of columns that tell rows apart."""
    withdraws: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Column -> columns that are emptied when it becomes something else, unless that is false."""

    def field_of(self, column: str) -> str:
        return self.fields.get(column, column)


COMPANY = Table(
    name="company",
    word="company",
    key=("id",),
    columns={"id": "bigint", "name": "text", "currency": "text", "zone": "text"},
)
RETURN_PRICES = ("cost", "weight_unit_price", "volume_unit_price", "sku_unit_price", "product_unit_price")
RETURN_ACTION = Table(
    name="return_action",
    word="return action",
    key=("company_id", "name"),
    columns={
        "company_id": "bigint",
        "name": "text",
        "type": "text",
        "return_type": "text",
        **dict.fromkeys(RETURN_PRICES, "numeric"),
        "active": "boolean",
    },
    defaults={"return_type": "SINGLE", **dict.fromkeys(RETURN_PRICES, 0), "active": True},
    fields={"company_id": "company"},
)
ACCOUNT = Table(
    name="account",
    word="account",
    key=("code",),
    columns={"code": "text", "name": "text", "zone": "text", "currency": "text", "settings": "jsonb"},
    defaults={"settings": {}},
)
ACCOUNT_COMPANY = Table(
    name="account_company",
    word="company of account",
    key=("account_id", "company_id"),
    columns={"account_id": "bigint", "company_id": "bigint"},
    numbered=False,
    fields={"company_id": "companies"},
)
SITE = Table(
    name="site",
    word="site",
    key=("account_id", "code"),
    columns={
        "account_id": "bigint",
        "code": "text",
        "kind": "text",
        "name": "text",
        "company_id": "bigint",
        "zone": "text",
        "address": "jsonb",
        "settings": "jsonb",
        "active": "boolean",
    },
    stamped=True,
    defaults={"company_id": None, "address": {}, "settings": {}, "active": True},
    fixed=("kind",),
    fields={"company_id": "company"},
)
SUB_INVENTORY = Table(
    name="sub_inventory",
    word="sub-inventory",
    key=("account_id", "code"),
    columns={"account_id": "bigint", "code": "text", "name": "text", "over_receipt": "boolean"},
    defaults={"over_receipt": True},
)
DELIVERY_SERVICE = Table(
    name="delivery_service",
    word="delivery service",
    key=("account_id", "company_id", "name"),
    columns={
        "account_id": "bigint",
        "company_id": "bigint",
        "name": "text",
        "method": "text",
        "order_type": "text",
        "site_id": "bigint",
        "box_size": "text",
        "rules": "jsonb",
        "active": "boolean",
    },
    defaults={"order_type": "LOCAL", "site_id": None, "box_size": None, "rules": {}, "active": True},
    fields={"company_id": "company", "site_id": "site"},
)
CREDENTIAL = Table(
    name="credential",
    word="credential",
    key=("dialect", "key"),
    columns={
        "account_id": "bigint",
        "dialect": "text",
        "key": "text",
        "secret_sealed": "bytea",
        "scope": "jsonb",
        "valid_from": "timestamptz",
        "valid_until": "timestamptz",
        "revoked_at": "timestamptz",
    },
    defaults={"secret_sealed": None, "scope": {}, "valid_from": None, "valid_until": None, "revoked_at": None},
    fixed=("account_id",),
    fields={"secret_sealed": "secret", "revoked_at": "active"},
)
ONLINE_SHOP = Table(
    name="online_shop",
    word="online shop",
    key=("domain",),
    columns={
        "account_id": "bigint",
        "domain": "text",
        "name": "text",
        "domains": "text[]",
    },
    defaults={"domains": []},
    fixed=("account_id",),
)
STAFF = Table(
    name="staff",
    word="staff",
    key=("username",),
    columns={
        "account_id": "bigint",
        "site_id": "bigint",
        "username": "text",
        "password_hash": "text",
        "manager": "boolean",
        "active": "boolean",
        "token_hash": "text",
        "token_sealed": "bytea",
    },
    stamped=True,
    defaults={"manager": False, "active": True, "token_hash": None, "token_sealed": None},
    fixed=("account_id",),
    # Who switches a person off keeps the token, so that it is told apart from an unknown one.
    withdraws={"password_hash": ("token_hash", "token_sealed"), "active": ("token_hash", "token_sealed")},
    fields={"site_id": "shop", "password_hash": "password", "manager": "role"},
)
LOCATION = Table(
    name="location",
    word="location",
    key=("site_id", "code"),
    columns={
        "account_id": "bigint",
        "site_id": "bigint",
        "code": "text",
        "kind": "text",
        "walk_order": "integer",
        "active": "boolean",
    },
    defaults={"walk_order": 0, "active": True},
    fields={"site_id": "warehouse"},
)
CABINET = Table(
    name="cabinet",
    word="cabinet",
    key=("number",),
    columns={
        "account_id": "bigint",
        "site_id": "bigint",
        "number": "text",
        "name": "text",
        "key_sealed": "bytea",
        "details": "jsonb",
        "in_service": "boolean",
    },
    stamped=True,
    defaults={"key_sealed": None, "details": {}, "in_service": True},
    fixed=("account_id",),
    fields={"site_id": "station", "key_sealed": "key"},
)
BOX = Table(
    name="box",
    word="box",
    key=("cabinet_id", "name"),
    columns={
        "account_id": "bigint",
        "cabinet_id": "bigint",
        "name": "text",
        "size": "text",
        "lock_address": "text",
        "enabled": "boolean",
    },
    stamped=True,
    defaults={"enabled": True},
    fields={"cabinet_id": "cabinet"},
    unique=(("cabinet_id", "lock_address"),),
)
LOCKER_POLICY = Table(
    name="locker_policy",
    word="locker policy",
    key=("account_id", "name"),
    columns={
        "account_id": "bigint",
        "name": "text",
        "site_id": "bigint",
        "box_size": "text",
        "keep_h": "integer",
        "remind_h": "integer",
        "extend_h": "integer",
        "extensions": "integer",
        "recall": "boolean",
    },
    defaults={
        "site_id": None,
        "box_size": None,
        "remind_h": None,
        "extend_h": 24,
        "extensions": 0,
        "recall": True,
    },
    fields={
        "site_id": "station",
        "box_size": "size",
        "keep_h": "keep_hours",
        "remind_h": "remind_hours",
        "extend_h": "extend_hours",
    },
)
ORGANISATION = Table(
    name="organisation",
    word="organisation",
    key=("id",),
    columns={"id": "bigint", "account_id": "bigint", "name": "text"},
    fixed=("account_id",),
)
ENTERPRISE = Table(
    name="enterprise",
    word="enterprise",
    key=("id",),
    columns={"id": "bigint", "account_id": "bigint", "name": "text", "code": "text"},
    defaults={"code": ""},
    fixed=("account_id",),
)
ENTERPRISE_USER = Table(
    name="enterprise_user",
    word="user",
    key=("username",),
    columns={
        "account_id": "bigint",
        "enterprise_id": "bigint",
        "username": "text",
        "password_hash": "text",
        "active": "boolean",
        "token_hash": "text",
        "token_sealed": "bytea",
    },
    stamped=True,
    defaults={"active": True, "token_hash": None, "token_sealed": None},
    fixed=("account_id", "enterprise_id"),
    withdraws={"password_hash": ("token_hash", "token_sealed"), "active": ("token_hash", "token_sealed")},
    fields={"enterprise_id": "enterprise", "password_hash": "password"},
)
ORGANISATION_ENTERPRISE = Table(
    name="organisation_enterprise",
    word="enterprise of organisation",
    key=("organisation_id", "enterprise_id"),
    columns={"organisation_id": "bigint", "enterprise_id": "bigint"},
    numbered=False,
    fields={"enterprise_id": "enterprises"},
)
DEPARTMENT = Table(
    name="department",
    word="department",
    key=("id",),
    columns={
        "id": "bigint",
        "enterprise_id": "bigint",
        "site_id": "bigint",
        "shop_code": "text",
        "name": "text",
    },
    defaults={"shop_code": None},
    fixed=("enterprise_id",),
    fields={"enterprise_id": "enterprise", "site_id": "site"},
    unique=(("enterprise_id", "shop_code"),),
)
CAMERA = Table(
    name="camera",
    word="camera",
    key=("department_id", "name"),
    columns={
        "account_id": "bigint",
        "department_id": "bigint",
        "station": "text",
        "name": "text",
        "source": "text",
        "enabled": "boolean",
    },
    defaults={"source": "", "enabled": True},
    fields={"department_id": "department"},
)
RECEIVER = Table(
    name="receiver",
    word="receiver",
    key=("account_id", "dialect", "name"),
    columns={
        "account_id": "bigint",
        "dialect": "text",
        "name": "text",
        "url": "text",
        "kinds": "text[]",
        "subject": "text",
        "order_dialect": "text",
        "credential_id": "bigint",
        "settings": "jsonb",
        "active": "boolean",
    },
    defaults={"subject": None, "order_dialect": None, "credential_id": None, "settings": {}, "active": True},
    fields={"credential_id": "credential"},
)
PRODUCT = Table(
    name="product",
    word="product",
    key=("account_id", "sku"),
    columns={
        "account_id": "bigint",
        "sku": "text",
        "name": "text",
        "name_customs": "text",
        "weight_g": "bigint",
        "length_mm": "bigint",
        "width_mm": "bigint",
        "height_mm": "bigint",
        "price": "numeric",
        "lot_tracked": "boolean",
        "serial_tracked": "boolean",
        "partner_fields": "jsonb",
        "active": "boolean",
        "deleted_at": "timestamptz",
    },
    stamped=True,
    defaults={
        "name_customs": "",
        "weight_g": 0,
        "length_mm": 0,
        "width_mm": 0,
        "height_mm": 0,
        "price": 0,
        "lot_tracked": False,
        "serial_tracked": False,
        "partner_fields": {},
        "active": True,
        "deleted_at": None,
    },
    withdraws={"active": ("deleted_at",)},
)
PRODUCT_CODE = Table(
    name="product_code",
    word="bar code",
    key=("account_id", "code"),
    columns={"account_id": "bigint", "code": "text", "product_id": "bigint"},
    numbered=False,
    fixed=("product_id",),
    fields={"code": "codes", "product_id": "product"},
)

TABLES = (
    COMPANY,
    RETURN_ACTION,
    ACCOUNT,
    ACCOUNT_COMPANY,
    SITE,
    SUB_INVENTORY,
    ONLINE_SHOP,
    DELIVERY_SERVICE,
    CREDENTIAL,
    RECEIVER,
    STAFF,
    LOCATION,
    CABINET,
    BOX,
    LOCKER_POLICY,
    ORGANISATION,
    ENTERPRISE,
    ENTERPRISE_USER,
    ORGANISATION_ENTERPRISE,
    DEPARTMENT,
    CAMERA,
    PRODUCT,
    PRODUCT_CODE,
)
"""A table stands behind those its rows refer to; every apply locks in this order."""
