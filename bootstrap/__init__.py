"""What an administrator creates once an account, before the first deployment: who may preview and deploy which stack, and what starts it.

A Pulumi program of its own (see README.md), so that no stack manages the role that deploys it. It reads the files of the stacks that it is
about and shares the program's policies; the program imports nothing of it.
"""
