"""Detection: pure, incremental, explained by quotes. Text in, findings out; no clock, no I/O."""
