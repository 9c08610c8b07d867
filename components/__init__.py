"""Component resources: one file each. A component registers its part of the plan (plan.parts) and decides nothing.

Beside its part it takes the outputs of what has to be there before it, so that things are created and removed in the right order.
"""
