"""Training and judging of the bundled models."""
