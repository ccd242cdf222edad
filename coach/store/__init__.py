"""Storage: what survives a process. SQLAlchemy Core on SQLite; one writer with group commit."""
