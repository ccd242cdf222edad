"""The pure core: `Session.handle(input, now_ms) -> effects`. No I/O, no clock, no randomness."""
