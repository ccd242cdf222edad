"""Latency, fan-out and memory of a running server, measured from outside: `make bench`, or `python -m benchmarks`.

Owns the figures in `benchmarks/README.md`. Talks to the server over its sockets, `/metrics` and the kernel's
accounting only, so that it measures what a client gets and survives any change inside.
"""
