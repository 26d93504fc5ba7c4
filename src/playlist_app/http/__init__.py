"""The HTTP door: a Falcon ASGI app over the use-cases."""
