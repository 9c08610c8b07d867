"""Emulator of AWS CodeArtifact: control plane, npm, PyPI, Maven, Cargo and NuGet endpoints, package groups.

The reference is AWS's documentation and botocore's service model. What AWS does but this does not answers 501; where AWS's
behaviour is not documented, the stricter reading is taken, and the code says so.
"""
