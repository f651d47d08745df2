"""The words and options of each command, in files by what the user does: run the `service`, explain
`photos`, do the `training` of a model and judge it, look after `models`, `keys` and `webhooks`.

The work is done elsewhere in `cli`, and is imported when the command runs, so that `--help` is
instant. A new command is a function here, named in `cli/main.py`.
"""
