"""Component resources: one file each, wiring only. Every decision is a pure function in `policies`.

Arguments are TypedDicts of plain values, enums and inputs, so that a component can be packaged and used without this program.
"""
