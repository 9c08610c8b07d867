"""How AWS decides, as pure functions: what the access review and the local cloud of the rehearsal both decide with.

iam              policies and a request in, a decision out
package_groups   which package group a package belongs to, and what its restrictions let in
actions          CodeArtifact's actions and the resources that they are about
arns             ARNs of CodeArtifact's resources
"""
