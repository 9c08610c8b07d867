"""The rehearsal: a stack's whole job on one machine, against a local cloud."""
