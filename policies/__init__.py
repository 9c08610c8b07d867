"""Policy documents, names and patterns as pure functions. Nothing here imports Pulumi, so everything can be checked before anything is
made.

owned_names   what a team owns: IAM ARN pattern, package group pattern and overlap from one parsed name
branches      what a release branch means to a trust policy, to rulesets and to an environment
arns, names   ARNs of the registry; names of roles and variables
trust         who may assume which role (GitHub OIDC)
reading, publishing, promoting, deploying   what a role may do
resource      policies of the domain, its repositories and its key
sizes         whether every document fits its limit
"""
