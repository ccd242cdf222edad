"""Starts `coach serve` processes in a tenth of a second: `python -m tests.faults.nursery`.

Compiling the packs is nearly all of a start. This process does it once and forks a server from itself for each line
on its standard input: `{"argv": […], "environ": {…}, "cwd": "…", "name": "…"}`. It answers each with the child's pid,
in a line; the child's output goes to `CWD/NAME.out` and `CWD/NAME.log`, and its exit code, when it is gone, to
`CWD/NAME.exit`. When its input ends it kills what is left: whatever happens to the tests, no server outlives them.
"""

import contextlib
import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import orjson

import coach.cli
from coach.packs import knowledge, loader

_children: dict[int, Path] = {}


def main() -> None:
    """Serve lines until there are none."""
    _compile_once()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _say("ready")
    try:
        for line in sys.stdin:
            order = orjson.loads(line)
            folder = Path(order["cwd"]) / order["name"]
            # The child's end must not be heard of before its birth.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            pid = os.fork()
            if pid == 0:
                _serve(order, folder)
            _children[pid] = folder
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            _say(str(pid))
    finally:
        for pid in _children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _compile_once() -> None:
    packs = loader.load_all()
    built = knowledge.build(packs)
    for module, name, made in ((loader, "load_all", packs), (knowledge, "build", built)):
        setattr(module, name, partial(_made, made))


def _made(what: object, *_asked: object) -> object:
    return what


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _reap(_signal: int, _frame: FrameType | None) -> None:
    while _children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        folder = _children.pop(pid)
        waiting = folder.with_suffix(".exiting")
        waiting.write_text(str(os.waitstatus_to_exitcode(status)))
        waiting.rename(folder.with_suffix(".exit"))


def _serve(order: dict[str, Any], folder: Path) -> None:
    """In the child: be `coach …` as if it had been started from a shell. Does not return."""
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for number, (path, flags) in enumerate(
            [
                (os.devnull, os.O_RDONLY),
                (str(folder.with_suffix(".out")), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                (str(folder.with_suffix(".log")), os.O_WRONLY | os.O_CREAT | os.O_APPEND),
            ]
        ):
            opened = os.open(path, flags, 0o644)
            os.dup2(opened, number)
            os.close(opened)
        os.environ.clear()
        os.environ.update(order["environ"])
        os.chdir(order["cwd"])
        sys.argv = ["coach", *order["argv"]]
        coach.cli.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
