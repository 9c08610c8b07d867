"""Takes over what a company already has: looks, and writes an import file, a record and a page. It changes nothing in AWS or GitHub.

program    what runs under the engine's preview: the look-ups, and the program's resources, noted and not made
importing  the file for `pulumi import --file`, and the record that the program keeps (adopted/STACK.json)
page       the same for people: what is taken over unchanged, what would change and how, what stands in the way

`python -m adopt --stack prod` (make adopt STACK=prod); docs/adoption.md leads through it.
"""
