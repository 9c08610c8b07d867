"""package-flow: settings -> facts -> plan -> components -> outputs.

What is registered, with which policies, is decided by `plan`; the components register it.
"""

import leftovers
import lookups
from components.developers import identity_center
from existing import keeping
from registration import register
from settings import load

settings = load()
directory = None if settings.team_stack else identity_center(settings.developers)
facts, planned = lookups.look_up(settings, directory)
leftovers.adopt(facts.adopted)
keeping.keep(settings.adopted)
register(settings, planned, directory)
