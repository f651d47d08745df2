"""The `cropshield` command: `main.py` lists the subcommands, `commands/` declares their options.

What a subcommand does is in a package beside `commands/`, or in one module here.
"""
