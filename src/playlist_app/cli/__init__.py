"""The door from the terminal."""
