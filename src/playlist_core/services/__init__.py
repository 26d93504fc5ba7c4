"""Use-cases: the only callers of the ports; HTTP, NATS commands and the CLI are doors onto them."""
