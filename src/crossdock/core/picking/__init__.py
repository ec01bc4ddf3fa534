"""Waves of orders, who walks where for their goods, and the totes they lie in until they are packed."""
