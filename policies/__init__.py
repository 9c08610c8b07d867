"""Policy documents, names and patterns as pure functions. Nothing here imports Pulumi.

roles          principals, one file each: who may assume the role and what it may do
resources      policies of the domain, its repositories and keys, the topic: one file each

owned_names    what a team owns: IAM ARN pattern, package group pattern and overlap from one parsed name
namespaces     what the company may own
branches       what a release branch means to a trust policy, to rulesets and to an environment
guards         rulesets and environments
arns, names    ARNs of the registry; names of roles and variables
actions        CodeArtifact's actions, by what they do
github_tokens, deployment_tokens   what trust policies say of tokens of GitHub and of Pulumi Deployments
deployments    names, boundary and secrets of what deploys a stack
events         names, pattern and message of package events
"""
