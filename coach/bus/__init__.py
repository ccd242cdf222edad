"""What instances say to each other, and who owns which session. No coaching, no sockets."""
