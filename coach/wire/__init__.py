"""The wire `coach.v1`: the one place that says what a frame may look like, in either direction."""
