"""`python -m tests.companies COMMAND...`: run a command in a checkout with the tests' company (see __init__.py)."""

import sys

from tests.companies import main

if __name__ == "__main__":
    sys.exit(main())
