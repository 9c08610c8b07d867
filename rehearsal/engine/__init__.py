"""Pulumi's own engine on the local cloud: the handlers of `rehearsal.program` are its provider plugins."""
