"""Pictures that are made: colour tables, a heatmap over a photo, words, and files of them."""
