"""The program `lzkey`, and `python -m lzkey`: how it begins, and how it ends when somebody wants it to.

Ctrl-C, SIGTERM and SIGHUP unwind what is going on, so that no temporary file stays and no worker goes on, and
wait for no answer of AWS. The exit code is 128 and the signal's number.
"""

import atexit
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from time import monotonic, sleep
from types import FrameType
from typing import Final, NoReturn

_INTERRUPTED: Final = 128
#: Seconds for what is about to end by itself, such as the threads of a pool of worker processes.
_GRACE: Final = 0.5
#: How often a main thread that has not heard of a signal is called, and how many seconds apart.
_CALLS, _CALLED_AGAIN = 20, 0.1

_Handler = Callable[[int, FrameType | None], object]


class _CtrlCError(KeyboardInterrupt):
    """Ctrl-C; of KeyboardInterrupt itself that passes an `exec`, Python would kill the process in the end."""


def main() -> NoReturn:
    """Run the program."""
    _on_signals(_leave)  # while modules are imported there is nothing to put away
    from lzkey.cli import main as command  # noqa: PLC0415 - a second of work

    try:
        _wake_on_signals()
        _on_signals(_unwind)
        code = command()
    except KeyboardInterrupt:
        code = _INTERRUPTED + signal.SIGINT
    except SystemExit as told:
        code = told.code if isinstance(told.code, int) else _INTERRUPTED
    except Exception:  # noqa: BLE001 - a fault of ours: threads that wait for AWS keep nobody from reading it
        sys.excepthook(*sys.exc_info())
        code = 1
    _on_signals(signal.SIG_IGN)  # it ends anyway, with its own exit code
    is_quiet = _is_quiet()
    if is_quiet and code < _INTERRUPTED:
        sys.exit(code)
    if is_quiet:
        atexit._run_exitfuncs()  # noqa: SLF001 - as of worker processes, whose locks would be missed
    _flush()
    os._exit(code)  # else Python would wait for the threads, and they for AWS, or put away every object


def _on_signals(handler: _Handler | signal.Handlers) -> None:
    """Set what a signal does, unless whoever started the program has had it ignored."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(_INTERRUPTED + number)


def _unwind(number: int, _frame: FrameType | None) -> NoReturn:
    _on_signals(_leave)  # somebody who asks twice does not want to wait
    if number == signal.SIGINT:
        raise _CtrlCError
    raise SystemExit(_INTERRUPTED + number)


def _wake_on_signals() -> None:
    """See to it that the main thread hears of a signal while it waits for a lock or for AWS.

    Python runs handlers in the main thread alone. A signal that another thread was given, or that came just
    before the wait began, would be heard when the wait is over. SIGURG does nothing but end the wait.
    """
    if not hasattr(signal, "SIGURG"):
        return
    heard, told = socket.socketpair()
    told.settimeout(0)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGURG, lambda *_: None)
    main_thread = threading.main_thread().ident or 0

    def call() -> None:
        with told:  # which must stay open
            while number := heard.recv(1)[0]:
                for _ in range(_CALLS):
                    if number == signal.SIGURG or signal.getsignal(number) is not _unwind:
                        break
                    signal.pthread_kill(main_thread, signal.SIGURG)
                    sleep(_CALLED_AGAIN)

    threading.Thread(target=call, daemon=True).start()


def _is_quiet() -> bool:
    """Whether no thread is left that Python would wait for."""
    deadline = monotonic() + _GRACE
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    waited = [thread for thread in others if not thread.daemon]
    for thread in waited:
        thread.join(max(0, deadline - monotonic()))
    return not any(thread.is_alive() for thread in waited)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads any more
            continue


if __name__ == "__main__":
    main()
