"""Work that is shared among processes, one for each core: in order, with so much waiting and no more."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

from lzkey.errors import ExitCode, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

_ENDED: Final = (
    "a process that shared the work was ended from outside, such as by a system that is short of memory: "
    "what was told until then is not all; give it more memory, or fewer sources at a time"
)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def cores() -> int:
    """The cores that this process may use; not every system can tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def working(
    workers: int, begin: Callable[..., None] | None = None, given: tuple[object, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """So many processes, each of which begins with `begin(*given)`, and none of which outlives this one.

    Raises WorkerError where somebody else ends one, such as a system that is short of memory.
    """
    # Not forked: a process with threads, such as that of a progress bar, must not be.
    spawning = multiprocessing.get_context("spawn")
    with undisturbed():
        pool = ProcessPoolExecutor(workers, spawning, _begin, (begin, given))
    try:
        yield pool
        pool.shutdown()
    except BaseException as error:  # also by Ctrl-C, or where nobody wants the rest
        for worker in multiprocessing.active_children():
            worker.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise WorkerError(_ENDED) from error
        raise


def in_order(
    pool: Executor, work: Callable[[_Item], _Result], items: Iterable[_Item], most: int
) -> Iterator[_Result]:
    """What comes of each item, in their order, while at most so many wait."""
    waiting: deque[Future[_Result]] = deque()
    for item in items:
        with undisturbed():
            waiting.append(pool.submit(work, item))
        if len(waiting) > most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the terminal's signals wait while processes begin, which would tell of them, too."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(begin: Callable[..., None] | None, given: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's business
    Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*given)


def _end_with_parent() -> None:
    """However the first process ends, nobody wants any more what this one does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(ExitCode.FAILED)
