"""Cards, architectures, weights and training. Knows nothing of what stands above it."""
