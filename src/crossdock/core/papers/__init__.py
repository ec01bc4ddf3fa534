"""Papers that go with goods, to exact millimetres."""
