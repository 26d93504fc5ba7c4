"""The service: settings, wiring and the doors from HTTP and the terminal."""
