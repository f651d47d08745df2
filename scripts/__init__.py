"""Scripts that make the pictures and texts of the docs anew. No package imports them."""
