"""Adapters of the channel ports: `QueueGateway`, `PMSender` and `UserDirectory`."""
