"""Starts Abby: ``python launch.py [what abby takes]``, on Windows, Linux and macOS, with Python alone.

Without more she serves: the web at the address that is printed, and the Discord bot if there is a token for it.

The first start makes ``.venv`` beside this file and installs exactly the packages that ``requirements.lock``
names and fingerprints; later starts only check that they are there. ``python launch.py test [what pytest takes]``
installs ``requirements-dev.lock`` as well and runs the tests.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- older ones must get this far, so this file keeps to their grammar
    sys.exit(f"Abby needs Python 3.11 or newer; this is Python {sys.version_info[0]}.{sys.version_info[1]}.")

import contextlib
import errno
import hashlib
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parent
RUN_LOCK = "requirements.lock"
DEVELOP_LOCK = "requirements-dev.lock"
"""Holds all of ``requirements.lock`` and what the tests and checks need."""
UNFINISHED = "unfinished: the next start makes this environment anew\n"
LOCK_FILE = "abby-launch.lock"
NETWORK_SIGNS = (
    "connection broken", "connectionerror", "newconnectionerror", "connecttimeout", "readtimeout", "timed out",
    "name resolution", "name or service not known", "getaddrinfo", "network is unreachable", "connection refused",
    "proxyerror", "sslerror", "from versions: none",
)  # fmt: skip
PIP = ("-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check", "--no-user", "--quiet")
ON_WINDOWS = os.name == "nt"
ABBY = ("-P", "-m", "abby_adapters.cli.main")
"""Python's arguments that start Abby. ``-P``: a file named typing.py in the user's folder is none of her business."""
ALONE = ("serve",)
"""What she does when nothing else is asked for."""
COMMAND_POSIX = f"""#!/bin/sh
exec "$(dirname "$0")/python" {" ".join(ABBY)} "$@"
"""
COMMAND_WINDOWS = f"""@"%~dp0python.exe" {" ".join(ABBY)} %*\r\n"""


class CannotStart(Exception):
    """Why Abby cannot start, and what to do, in sentences for people."""


def main(arguments: list[str]) -> int:
    """Make the environment ready and hand over to Abby, or to the tests; returns on failure and on Windows."""
    testing = arguments[:1] == ["test"]
    environment = Environment(PROJECT)
    try:
        environment.make_ready(DEVELOP_LOCK if testing else RUN_LOCK)
    except CannotStart as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped. The next start finishes it.")
        return 130
    except OSError as error:
        say(explain_os_error(error, PROJECT))
        return 1
    if testing:
        os.chdir(PROJECT)
        return hand_over([environment.python, "-m", "pytest", *arguments[1:]])
    return hand_over([environment.python, *ABBY, *(arguments or ALONE)])


class Environment:
    """The virtual environment beside this file.

    Its stamp, written last, tells which locks are installed completely. While an environment is being made,
    the stamp says so; one found like that was interrupted, and is made anew. An environment without a stamp
    was made by somebody else, or interrupted while it was brought up to date: it is kept and completed.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        self._folder = project / ".venv"
        self._stamp = self._folder / "abby-installed.txt"
        self._config = self._folder / "pyvenv.cfg"

    @property
    def python(self) -> str:
        return str(self._folder / ("Scripts/python.exe" if ON_WINDOWS else "bin/python"))

    def make_ready(self, lock: str) -> None:
        """Afterwards everything in ``lock`` is installed; quick when it is already."""
        if self._is_ready(lock):
            return
        self._make_folder()
        with locked(self._folder / LOCK_FILE):
            if self._is_ready(lock):  # another start did it meanwhile
                return
            trusted = self._prepare()
            say("Installing the packages that Abby needs...")
            pip_install(self.python, self._project / lock, force=not trusted)
            self._add_abby()
            self._stamp.write_text("\n".join(sorted(self._expected_lines(lock))) + "\n", "utf-8")
        say("Ready.")

    def _is_ready(self, lock: str) -> bool:
        expected = set(self._expected_lines(lock))
        try:
            installed = set(self._stamp.read_text("utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            return False
        return self._interpreter() is not None and expected <= installed

    def _expected_lines(self, lock: str) -> list[str]:
        """What the stamp says when ``lock`` is installed for the interpreter that is there now."""
        held = [RUN_LOCK, DEVELOP_LOCK] if lock == DEVELOP_LOCK else [lock]  # which holds all of the other
        files = [Path(__file__), *(self._project / name for name in held)]
        fingerprints = [f"{file.name}: {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
        return [f"python: {self._interpreter()}", *fingerprints]

    def _interpreter(self) -> str | None:
        """What the environment's packages were installed for; None when its Python is gone.

        Installed packages belong to one minor version. On POSIX ``bin/python`` is a link, and the name of the
        file at its end has that version; on Windows ``pyvenv.cfg`` names the folder of the Python it needs.
        """
        if not ON_WINDOWS:
            python = Path(self.python)
            return python.resolve().name if python.exists() else None
        try:
            lines = self._config.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return None
        homes = [line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip() == "home"]
        return homes[0] if homes and Path(homes[0], "python.exe").exists() else None

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
        except FileExistsError as error:
            raise CannotStart(f"{self._folder} is a file. Move it away and start again.") from error

    def _prepare(self) -> bool:
        """Have an environment with pip; tells whether the packages in it can be trusted to be whole."""
        stamped = self._stamp.exists()
        unfinished = stamped and self._stamp.read_text("utf-8", "replace") == UNFINISHED
        if not unfinished and self._has_pip():
            self._stamp.unlink(missing_ok=True)  # until all is installed again
            return stamped
        if not stamped and self._contents() and (self._interpreter() or not self._config.exists()):
            raise CannotStart(
                f"{self._folder} was made by somebody else and is no environment with pip and Python 3.11 or newer.\n"
                "Move it away and start again."
            )
        self._make()
        return True

    def _has_pip(self) -> bool:
        if self._interpreter() is None:
            return False
        probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        return subprocess.run([self.python, "-I", "-c", probe], check=False, capture_output=True).returncode == 0

    def _contents(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if path not in (self._stamp, self._folder / LOCK_FILE)]

    def _make(self) -> None:
        """Make the environment anew. The stamp says that it is unfinished before anything else changes."""
        missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
        if missing:
            raise CannotStart(
                f"This Python comes without its module {missing[0]!r}. On Debian and Ubuntu,\n"
                f"    sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv\n"
                "brings it; elsewhere, install Python from python.org. Then start again."
            )
        say("Making a Python environment in .venv. The first start takes a minute...")
        self._stamp.write_text(UNFINISHED, "utf-8")
        for path in self._contents():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        done = run([sys.executable, "-I", "-m", "venv", str(self._folder)])
        if done.returncode != 0:
            raise CannotStart(f"The environment could not be made:\n{tail(done.stdout)}")

    def _add_abby(self) -> None:
        """Let the environment import Abby from here, by a relative path, and give it the command ``abby``."""
        show = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = Path(run([self.python, "-I", "-c", show]).stdout.strip())
        (packages / "abby.pth").write_text(os.path.relpath(self._project, packages) + "\n", "ascii")
        command = Path(self.python).with_name("abby.cmd" if ON_WINDOWS else "abby")
        command.write_text(COMMAND_WINDOWS if ON_WINDOWS else COMMAND_POSIX, "ascii", newline="")
        command.chmod(0o755)


def pip_install(python: str, lock: Path, *, force: bool) -> None:
    """Install what ``lock`` names, by way of the host's own pip configuration.

    ``force``: install anew what seems to be there, because an earlier run may have been interrupted.
    """
    done = run([python, "-I", *PIP, *(["--force-reinstall"] if force else []), "-r", str(lock)])
    if done.returncode != 0:
        raise CannotStart(f"{explain_pip(done.stdout)}\npip said:\n{tail(done.stdout)}")


def explain_pip(output: str) -> str:
    """What went wrong and what to do, from pip's own words."""
    said = output.lower()
    if "do not match the hashes" in said:
        return (
            "A downloaded package is not the one that Abby was tested with, and was not installed.\n"
            "If a package mirror or proxy is configured for pip, check it; then start again."
        )
    if "no space left" in said or "not enough space" in said:
        return "The disk is full. Make room (Abby's packages take about 150 MB) and start again."
    if "permission denied" in said or "read-only file system" in said:
        return "The packages could not be written. Correct the permissions of Abby's folder and start again."
    if any(sign in said for sign in NETWORK_SIGNS):
        return (
            "The packages could not be downloaded. Check the internet connection (and pip's proxy settings,\n"
            "if there is a proxy), then start again."
        )
    return "The packages could not be installed."


def explain_os_error(error: OSError, project: Path) -> str:
    """What the operating system refused and what to do."""
    if error.errno == errno.ENOSPC:
        return "The disk is full. Make room and start again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"Abby may not write to {project}, where its packages belong.\n"
            "Correct the permissions or copy the folder to a place of your own, and start again."
        )
    return f"{error.strerror}: {error.filename}. Correct that and start again."


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold an advisory lock on a file; the system frees it when this process ends, however it ends.

    On POSIX a pip that outlives this process keeps holding it, because it inherits the file.
    """
    with path.open("a+b") as file:
        os.set_inheritable(file.fileno(), not ON_WINDOWS)
        if not try_lock(file):
            say("Another start is installing; waiting for it...")
            while not try_lock(file):
                time.sleep(0.2)
        yield


def try_lock(file: IO[bytes]) -> bool:
    """Take the lock if nobody has it. On a file system without locks everybody gets it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run to the end without a word; ``stdout`` has all that it said."""
    return subprocess.run(
        command,
        check=False,
        close_fds=ON_WINDOWS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def hand_over(command: list[str]) -> int:
    """Become ``command``; on Windows, where nothing can become another program, wait for it."""
    os.environ.pop("__PYVENV_LAUNCHER__", None)  # macOS: would make the environment's Python this one
    if not ON_WINDOWS:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)  # noqa: S606 -- our own Python, with what the user typed
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the console sent it to Abby as well, who ends in her own way
                continue


def tail(output: str) -> str:
    """The last lines of what a program said."""
    return "\n".join(f"    {line}" for line in output.strip().splitlines()[-8:])


def say(text: str) -> None:
    """On standard error: standard output belongs to what Abby prints."""
    print(f"Abby: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
