"""Sockets: the edge between uvicorn and the live sessions. No coaching is decided here."""
