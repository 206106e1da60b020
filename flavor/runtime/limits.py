"""What the kernel is told of a child: it dies with its parent, goes first when memory is short, gains no rights."""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress

_SET_PARENT_DEATH_SIGNAL = 1
_SET_NAME = 15
_SET_NO_NEW_PRIVILEGES = 38
_WORST_OOM_SCORE = 1000

IS_LINUX = sys.platform == "linux"
_prctl = ctypes.CDLL(None, use_errno=True).prctl if IS_LINUX else None


def die_with_parent(parent: int) -> None:
    """Be killed when the thread that made this process ends, even by SIGKILL; exit if it has ended already.

    Elsewhere than on Linux the end of the parent is noticed by its closed socket.
    """
    if _prctl is not None:
        _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def restrict_child(name: str, *, threads: int, niceness: int = 0) -> None:
    """Settle a fresh child; `niceness` makes it yield to others."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _prctl is not None:
        _prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _prctl(_SET_NAME, ctypes.c_char_p(name.encode()[:15]))
        with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write(str(_WORST_OOM_SCORE))
    if niceness:
        os.nice(niceness)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
