"""Live sessions of this process: who runs them, who hears them, what is kept of them."""
