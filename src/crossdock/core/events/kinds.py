"""Every kind of event, with the facts it carries. A receiver subscribes to kinds; dialects turn them into bodies."""

ORDER_PLACED = "order.placed"
"""number, kind, type, state, pieces"""
ORDER_STATE = "order.state"
"""from, to, reason; every move of the state table that has no kind of its own"""
ORDER_CHANGED = "order.changed"
"""fields: the names of what its owner changed, `partner_fields.<key>` for one of those; never what they hold"""
ORDER_MEASURED = "order.measured"
"""measure (`orders.model.Measure`, amounts as text) of its parcel, known_g: what it was taken to weigh before"""

ORDER_PAID = "order.paid"
"""number, reference, amount (text), channel, payment (the order's, after it)"""
ORDER_REFUNDED = "order.refunded"
"""as ORDER_PAID, reason, pieces: {line_key: pieces that are given back}"""

INBOUND_RECEIVED = "inbound.received"
"""One batch: number, type, batch (from 1), lines: [{line_key, sku, quantity, ordered (pieces of the line), lot,
condition, partner_fields, and where known units: [{code, sn, imei1, imei2, meid, vin}], plate}],
site (code), sub_inventory (code), partner_fields of the order"""
INBOUND_CLOSED = "inbound.closed"
"""After the last batch: number, type, ordered (pieces), received (pieces), batches,
lines: as above, with the sums; site, sub_inventory, partner_fields"""

OUTBOUND_SHIPPED = "outbound.shipped"
"""One batch: number, type, batch, state (the order's from then on), tracking_number, lines as in INBOUND_RECEIVED;
site, sub_inventory, partner_fields, parcels: [{mailno, box_no, carrier, weight_g, length_mm, width_mm, height_mm,
volume_cm3, pieces: {line_key: pieces}}], leg_id"""
OUTBOUND_CLOSED = "outbound.closed"
"""After the last batch: number, type, ordered, shipped, batches, tracking_number, lines, site, sub_inventory,
partner_fields, parcels and leg_id as above"""
ORDER_DELIVERED = "order.delivered"
"""number, place ('locker' | 'shop' | 'door')"""
CANCEL_DECIDED = "order.cancel_decided"
"""number, kind, type, state (the order's, after it; `cancel_failed` when it was refused), batch_key, whole, reason,
ordered_before (pieces), lines: [{line_key, sku, quantity (ordered before), cancelled, done, partner_fields}],
site, sub_inventory, partner_fields"""
TITLE_TRANSFERRED = "transfer.closed"
"""number, type, lines as in INBOUND_RECEIVED; site, sub_inventory, target_sub_inventory, partner_fields"""

TRANSPORT_DISPATCHED = "transport.dispatched"
"""number, type, mailnos, carrier, vehicle, departs_at, planned_at, ordered (pieces), lines, partner_fields"""
TRANSPORT_FINISHED = "transport.finished"
"""As TRANSPORT_DISPATCHED, state ('delivered' | 'refused') and actual (pieces signed for)"""
ROUTE_PASSED = "route.passed"
"""number, leg_id (the transport order that moves it, or null), mailno, nodes: [`transport.model.RouteNode`], oldest
first"""
ORDER_SIGNED = "order.signed"
"""number, leg_id, mailno, sign_type ('normal' | 'exceptional'), signer, signed_at, pieces, lines, partner_fields"""
PROOF_PICTURED = "order.pictured"
"""number, leg_id, mailno, pictures: [`transport.model.Picture`]"""
ORDER_WEIGHED = "order.weighed"
"""number, leg_id, mailno, device, weight_g, length_mm, width_mm, height_mm, volume_cm3, volume_differs, measured_at:
a weighing machine saw one of its parcels, and the event is of that time"""
VEHICLES_INSPECTED = "order.vehicles_inspected"
"""number, vehicles: [{vin, checked_at, passed, items: [{category_id, category_name, item_id, item_name, passed,
remark, image_urls}]}]"""

ORDER_TRACKED = "order.tracked"
"""The carrier's number became known: `orders.records.Record` of that moment. This, ORDER_CHECK_POINT and
ARRIVAL_* are written only where a receiver wants them: they repeat, whole, what other events have said."""
ORDER_CHECK_POINT = "order.check_point"
"""An order under way got further: as ORDER_TRACKED, with all its steps so far"""
ARRIVAL_ANNOUNCED = "arrival.announced"
"""An inbound order was placed: as ORDER_TRACKED"""
ARRIVAL_CHANGED = "arrival.changed"
"""It moved on, or its owner changed it: as ORDER_TRACKED"""
ARRIVAL_WITHDRAWN = "arrival.withdrawn"
"""It will not come: as ORDER_TRACKED"""
PRODUCT_CREATED = "product.created"
"""product: `catalog.model.Product`, on_hand (good and defective pieces in all places); subject is the product"""
PRODUCT_UPDATED = "product.updated"
"""as PRODUCT_CREATED"""
PRODUCT_DELETED = "product.deleted"
"""as PRODUCT_CREATED"""
PRODUCT_STOCKED = "product.stocked"
"""product: as PRODUCT_CREATED, on_hand (good pieces in all places): there is more or less of it; only where wanted"""

PRODUCT_MEASURED = "product.measured"
"""sku, weight_g, volume_cm3, before: {weight_g, volume_cm3}: a measurement moved one by more than MEASURE_DIFFERS"""

PACKING_REPORTED = "packing.reported"
"""number, station, operator, filmed_from, filmed_to, warnings (`packing.model.Warnings`)"""

HANDOVER_BOOKED = "handover.booked"
"""handover_id, number, cabinet, box_size"""
HANDOVER_STORED = "handover.stored"
"""handover_id: the whole locker hand-over as `lockers.model.Parcel` prints it, codes included"""
HANDOVER_TAKEN = "handover.taken"
"""as HANDOVER_STORED; of a parcel that was called back also returned: whether its courier took it"""
HANDOVER_MOVED = "handover.moved"
"""as HANDOVER_STORED, from_box, complaint (`lockers.model.Complaint`): into another box"""
HANDOVER_KEPT = "handover.kept"
"""as HANDOVER_STORED, from_box, complaint: there was no other box, and the courier keeps the parcel"""
HANDOVER_REMINDED = "handover.reminded"
"""handover_id, number, cabinet, due_at: its customer is to be told that it waits"""
HANDOVER_EXTENDED = "handover.extended"
"""handover_id, number, cabinet, due_at: it may lie for longer"""
HANDOVER_RECALLED = "handover.recalled"
"""handover_id, number, cabinet, return_order_id: nobody came for it, and it goes back"""
HANDOVER_DELETED = "handover.deleted"
"""handover_id, number"""

HANDOVER_ISSUED = "handover.issued"
"""`codes.model.CodeChanged`, and what `handover.model.Issued` holds: a pick-up code was made for a shop"""
HANDOVER_PREPARED = "handover.prepared"
"""`codes.model.CodeChanged`, as in all that follow"""
HANDOVER_USED = "handover.used"
HANDOVER_ROLLED_BACK = "handover.rolled_back"
HANDOVER_EXPIRED = "handover.expired"
HANDOVER_CANCELED = "handover.canceled"

DOOR_CHANGED = "door.changed"
"""cabinet, box, lock_address, door ('open' | 'closed'); subject is the cabinet"""
DOOR_QUERIED = "door.queried"
"""as DOOR_CHANGED: the cabinet's answer to a question for a door's state"""
DOOR_ALARM = "door.alarm"
"""cabinet, box (name, or null), alarm (`lockers.model.AlarmKind`), and what is known of it; subject is the cabinet"""
DOOR_ALARM_CLEARED = "door.alarm_cleared"
"""cabinet, box, alarm"""

CAMERA_FAILED = "camera.failed"
"""camera_id, name, station, failure (`film.model.Failure`): it is not recorded; subject is the camera"""
CAMERA_RECOVERED = "camera.recovered"
"""as CAMERA_FAILED: what is over"""
FILM_HELD = "film.held"
"""reason: no film of the order's packing is deleted from now on"""
FILM_RELEASED = "film.released"
"""as FILM_HELD: it goes when its time is over"""

ALL = frozenset(value for name, value in globals().items() if name.isupper() and isinstance(value, str))
