"""Faults on purpose: every call of a stack's provisioning, change and removal fails once in every way, and is mended as people would.

`python -m rehearsal.faults`; see docs/faults.md. Cloud and program are in one process, which is forked at every call: each branch meets one
fault and goes on from there, and nothing has to be provisioned again to come to the next call.
"""
