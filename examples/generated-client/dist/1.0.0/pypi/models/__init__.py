"""Contains all the data models used in inputs/outputs"""

from .problem import Problem
from .session import Session
from .session_state import SessionState
from .sign_in import SignIn

__all__ = (
    "Problem",
    "Session",
    "SessionState",
    "SignIn",
)
