"""A company's own copy of the program: which files are the company's, writing them at first, and what disagrees between them.

places     which files of a checkout are a company's
workflows  the organisation in the workflows, which GitHub takes from no variable
starting   a new company's files, made of the example's
checking   what disagrees in a checkout
"""
