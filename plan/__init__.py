"""What a stack registers, as frozen values: each policy document once, before anything is registered. Pure, no Pulumi.

declared   what is planned from: settings and catalog (filled in by the package `settings`)
facts      what is planned from: what only AWS and GitHub know (filled in by lookups.py), or what stands in for it before it is known
parts      what is planned: one class for each component, and what it consists of
planning   from the two to the plan
sizes      whether every document of a plan fits its limit

`python -m plan [--stack prod]` prints a plan.
"""
