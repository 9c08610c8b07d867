"""The local cloud: AWS, CodeArtifact, GitHub and public registries on one loopback port (`python -m rehearsal.cloud`)."""
