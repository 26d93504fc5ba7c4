"""Rules as pure, synchronous functions: time, randomness and state come in, new values go out."""
