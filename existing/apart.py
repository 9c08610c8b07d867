"""Runs plain invokes in a thread of their own.

In the thread that runs the program's event loop, the SDK leaves an empty handle behind for each plain invoke and goes through all of them
at the next one (pulumi/runtime/sync_await.py), so that thousands take minutes. A thread without a running loop waits for one plainly.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

Answered = TypeVar("Answered")

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="look-ups")


def call(function: Callable[..., Answered], **arguments: Any) -> Answered:
    """What the function returns or raises, in that thread and with the SDK's settings of this one.

    A provider that the program registers belongs to the program's loop: what is asked of it stays there.
    """
    if getattr(arguments.get("opts"), "provider", None) is not None:
        return function(**arguments)
    context, asked = copy_context(), partial(function, **arguments)
    return _thread.submit(lambda: context.run(asked)).result()
