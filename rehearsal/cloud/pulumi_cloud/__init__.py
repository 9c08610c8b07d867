"""Pulumi Cloud, as far as Pulumi Deployments goes: a stack's deployment settings, what a push or a pull request starts, and the token
that a deployment gets. It runs nothing; anything else answers 501.
"""
