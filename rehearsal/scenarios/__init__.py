"""The scenarios, derived from the rehearsed catalog.

guarding     what GitHub lets people do to release branches
releasing    who may assume a publish role
reading      who may assume a read role, and what a token reads
publishing   what real clients may publish, and where
"""
