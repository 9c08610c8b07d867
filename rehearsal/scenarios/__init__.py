"""The scenarios, derived from the rehearsed catalog.

guarding     what GitHub lets people do to release branches
releasing    who may assume a publish role
reading      who may assume a read role, and what a token reads
publishing   what real clients may publish, and where
owning       names that belong to one team
promoting    what comes to shared, and how
workflows    the reusable workflows as they stand
recycling    names that change hands
"""
