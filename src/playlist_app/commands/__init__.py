"""Commands over NATS: the third door onto the use-cases, beside HTTP and the command line."""
