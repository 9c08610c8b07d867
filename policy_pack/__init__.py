"""The policy pack: rules that hold for whatever this program registers.

`rules` needs nothing but Python and is imported by others. `__main__.py` serves the rules to the engine and never returns.
"""
