"""The trade: one folder per area. No partner, no HTTP and no MQTT in here."""
