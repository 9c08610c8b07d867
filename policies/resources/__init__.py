"""Policies of resources, one file each: who may do what with it.

A Deny here binds everybody, administrators of the account too; lifting one means changing the policy (break-glass, see the documentation).
`Resource: "*"` in a CodeArtifact resource policy is the resource it is attached to and everything below it.
https://docs.aws.amazon.com/codeartifact/latest/ug/repo-policies.html
"""
