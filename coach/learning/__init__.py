"""Learning: what is done when the project is built, never while a call runs."""
