"""How raw files become rows of the staging tables."""
