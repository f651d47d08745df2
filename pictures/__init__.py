"""Pictures without a model: headers, colour tables, drawn leaves. NumPy and Pillow alone."""
