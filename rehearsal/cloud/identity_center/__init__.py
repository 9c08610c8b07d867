"""IAM Identity Center: permission sets, assignments and the reserved roles that they become, the groups of its identity store, and the
portal where a signed-in user fetches a role's credentials. As much of it as this program and its people use; anything else answers 501.
"""
