"""One type per kind of id, so that a site's id cannot be passed for a shop's."""

from typing import NewType

AccountId = NewType("AccountId", int)
CompanyId = NewType("CompanyId", int)
CredentialId = NewType("CredentialId", int)
SiteId = NewType("SiteId", int)
InventoryId = NewType("InventoryId", int)
SubInventoryId = NewType("SubInventoryId", int)
ProductId = NewType("ProductId", int)
ServiceId = NewType("ServiceId", int)
OrderId = NewType("OrderId", int)
StockId = NewType("StockId", int)
EventId = NewType("EventId", int)
PackingId = NewType("PackingId", int)
EnterpriseId = NewType("EnterpriseId", int)
CabinetId = NewType("CabinetId", int)
BoxId = NewType("BoxId", int)
DoorCommandId = NewType("DoorCommandId", int)
HandoverId = NewType("HandoverId", int)
StaffId = NewType("StaffId", int)
ReceiverId = NewType("ReceiverId", int)
CallbackId = NewType("CallbackId", int)
