"""What stands behind settings.py: reading the files of a configuration and telling everything that is wrong with them.

problems     one problem, all problems in one error
yaml_files   YAML read so that nothing in it is lost
shapes       keys, types and grammar of single values (pydantic)
catalog      the team files: reading them, and the rules between them
stack        a stack's config: reading it, and its rules (provider_keys: the keys that belong to Pulumi's providers)
"""
