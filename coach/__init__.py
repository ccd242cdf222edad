"""Coach: a self-hosted, real-time sales coach."""

__version__ = "0.1.0"
