"""Where raw files come from: a folder, or the simulator."""
