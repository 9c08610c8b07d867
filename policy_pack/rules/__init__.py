"""Rules over registered resources and policy documents: plain functions of plain values, without side effects.

model        resource, rule, finding
documents    reading policy documents; patterns that may meet
actions      what the actions of CodeArtifact do, and on what
trust        who may assume a role by GitHub's OIDC tokens
permissions  what an identity may do
exposure     who a resource lets in
github       rulesets, environments, variables
keeping      encryption, rotation, protection
roles        a role with everything that the stack says about it
guarding     what may write comes from guarded refs
owning       what is published is owned, and reaches shared by promotion alone
registry     every rule; `check` runs them
crossguard   the rules as CrossGuard policies; the only module that needs `pulumi_policy`
"""
