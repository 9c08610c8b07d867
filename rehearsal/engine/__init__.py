"""Pulumi's own engine on the local cloud: the handlers of `rehearsal.program` as provider plugins, the program run by the Automation API."""
