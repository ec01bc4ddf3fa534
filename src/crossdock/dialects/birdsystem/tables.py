"""The lists, and what each can be asked by. A list that another module answers has its table there."""

from typing import Final

from crossdock.core.search import Criterion
from crossdock.dialects.birdsystem import auth, creating, words
from crossdock.dialects.birdsystem.columns import Column, Table

CONSIGNMENTS: Final = Table(
    columns={
        "id": Column("id", "number"),
        "company_id": Column("company_id", "number"),
        "type": Column("type", "word"),
        "status": Column("state", "status", words.STATES_OF_STATUS),
        "warehouse_id": Column("site_id", "number"),
        "delivery_service_id": Column("service_id", "number"),
        "delivery_service_id_internal": Column("service_id", "number"),
        "consignment_product_quantity": Column("pieces", "number"),
        "consignment_product_reference": Column("product_id", "number"),
        "sales_reference": Column("reference", "text"),
        "delivery_reference": Column("tracking_number", "text"),
        "create_time": Column("created_at", "time"),
        "update_time": Column("updated_at", "time"),
        "finish_time": Column("finished_at", "time"),
        "arrive_time": Column("arrived_at", "time"),
        "consignment_feedback-note": Column("feedback", "text"),
        **{name: Column(f"recipient.{name}", "text") for name in (*creating.RECIPIENT_WIDTHS, "country_iso")},
        **{
            name: Column(f"partner_fields.{name}", "text")
            for name in (
                "sales_order_id",
                "custom_identity_reference",
                "payment_reference",
                "special_instruction",
                "neighbour_instruction",
                *(f"sender_{part}" for part in creating.RECIPIENT_WIDTHS),
            )
        },
        **{name: Column(f"partner_fields.{name}", "flag") for name in creating.FLAG_COLUMNS},
        **{
            name: Column(f"partner_fields.{name}.amount", "number")
            for name in ("sales_price", "customs_price", "guarantee_percentage")
        },
    },
    plain=(
        "status",
        "type",
        "id",
        "consignment_product_reference",
        "sales_reference",
        "delivery_reference",
        "post_code",
        "contact",
        "sales_order_id",
        "custom_identity_reference",
    ),
    unsorted=frozenset({"status", "consignment_product_reference"}),
    own=(Criterion("dialect", "eq", auth.NAME), Criterion("kind", "in", list(words.KINDS))),
)
"""One status stands for several states of ours, several products stand in one consignment: neither is an order.
What came in by another partner's calls is no consignment: it lacks most of the record."""

COMPANIES: Final = Table(
    columns={
        "id": Column("id", "number"),
        "site_name": Column("site_name", "text"),
        "currency_code": Column("currency_code", "text"),
    }
)
