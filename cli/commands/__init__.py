"""Subcommands that are one module each. Those of several modules have packages beside this one."""
