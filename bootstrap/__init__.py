"""What an administrator makes once an account, before the first deployment: who may preview and deploy which stack, and how that is started.

A Pulumi program of its own (see README.md), so that no stack manages the role that deploys it. It reads the stack files that it is about and
shares the program's policies; the program imports nothing of it.
"""
