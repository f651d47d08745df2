"""The `cropshield` command; `main.py` declares every subcommand and its options.

A subcommand lives in `commands/`, or in a package of its own where it needs several modules.
Nothing heavy is imported before a subcommand runs.
"""
