"""Coach beside what a developer would use instead, in one run: `make bench-peers`, or `python -m benchmarks.peers`.

The peers are in `servers/` and run in an environment of their own. What is compared with what, and what is to be
reached, is in `verdicts.py`; how it is measured in `benchmarks/README.md`.
"""
