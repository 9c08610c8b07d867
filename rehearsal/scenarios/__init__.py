"""The scenarios, derived from the rehearsed catalog.

rulesets           what GitHub lets people do to release branches
release_tags       who creates release tags, and what they publish
publish_trust      who may assume a publish role
read_access        who may assume a read role, and what a token reads
publishing         what real clients may publish, and where
owned_names        names that belong to one team
promotion          what is promoted to shared, and how
workflows          the reusable workflows as they are
generated_clients  a client generated from an OpenAPI file, for another team
recycled_names     repository names that change hands
developers         developers on their laptops
aws_builds         roles of builds on AWS
deployments        who may preview and deploy the stack
sharing            other accounts and organisations
events             announcements of package versions
sandbox            the second domain of a stack
"""
