"""What stands on papers besides what is said in them: English and Chinese side by side, for whoever holds them."""

from typing import Final

CAPTIONS: Final = {
    "pick_list": "Pick list 拣货单",
    "packing_slip": "Packing slip 装箱单",
    "delivery_note": "Delivery note 送货单",
    "manifest": "Manifest 交接清单",
    "order": "Order 订单",
    "number": "Number 编号",
    "reference": "Reference 参考号",
    "site": "Warehouse 仓库",
    "service": "Service 配送方式",
    "carrier": "Carrier 承运商",
    "tracking": "Tracking 运单号",
    "owner": "Owner 货主",
    "printed": "Printed 打印时间",
    "placed": "Ordered on 下单时间",
    "sender": "From 发货方",
    "recipient": "To 收货方",
    "sku": "SKU 货号",
    "goods": "Goods 商品",
    "quantity": "Qty 数量",
    "ordered": "Ordered 订购",
    "here": "Enclosed 本箱",
    "delivered": "Delivered 实发",
    "to_come": "To come 待发",
    "lot": "Lot 批号",
    "expires": "Expires 有效期",
    "location": "Location 库位",
    "tote": "Tote 周转箱",
    "parcels": "Parcels 件数",
    "weight": "Weight 重量",
    "lines": "Lines 行数",
    "pieces": "Pieces 总件数",
    "orders": "Orders 单数",
    "picked_by": "Picked by 拣货人",
    "handed_over": "Handed over by 交货人",
    "driver": "Driver, vehicle 司机与车辆",
    "received": "Received by 收货人",
    "date": "Date 日期",
    "page": "Page 页",
}


def captioned(name: str, text: str) -> str:
    """A caption and what it says."""
    return f"{CAPTIONS[name]}: {text}"
