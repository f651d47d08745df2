"""The `cropshield` command. Imports what a subcommand needs only when it runs."""
