"""Keeps an encoder from making this program a real-time one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keep_priority() -> Iterator[None]:
    """This thread is scheduled at the end as it was before.

    SVT-AV1, where it runs as root, makes the thread that opens it real-time (SCHED_FIFO, the highest priority). What
    that thread does and starts afterwards, a browser for instance, then leaves nothing of the processor to others.
    """
    if not hasattr(os, "sched_getscheduler"):  # not on this system
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)
