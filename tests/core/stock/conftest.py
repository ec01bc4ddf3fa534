from tests.core.orders.conftest import counter as counter
