"""Real peers of the service, started by the tests, and what stands between them and us."""
