"""Machines at the other end of a line: cabinets over MQTT today, scales and cameras later. See docs/devices.md."""
