"""What is measured, and how: each module, or folder with a `__main__`, is a command that prints a
table and writes JSON to `results/`; `common/` is what they share."""
