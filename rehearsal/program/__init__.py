"""Runs the unmodified `__main__.py` of a stack with the Pulumi SDK alone: no engine, no CLI, no account.

Each resource that the program registers is really created against the local cloud by a handler (`aws_resources`, `github_resources`).
The process entry is `python -m rehearsal.program`.
"""
