"""What a local Ray runs as a new worker: asks the fork server for it, see `jobs/fork_server.py`.

Where that does not answer, or refuses, the worker starts as Ray starts it. Imports nothing slow.
"""

import json
import os
import socket
import struct
import sys
from pathlib import Path

ADDRESS = "PROJEKTOR_FORK_SERVER"
"""The environment variable that tells Ray's workers the name of the socket."""
PATIENCE = 30.0
"""Seconds that the server may take to import what workers need."""


def is_own(connection: socket.socket) -> bool:
    """Whether a process of this user is at the other end: the socket's name has no owner.

    Who asks and who serves both check it. So nobody else gets a process of this user, or the
    environment of one.
    """
    peer = struct.Struct("iII")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, peer.size)
    _, user, _ = peer.unpack(credentials)
    return bool(user == os.getuid())


def is_forked() -> bool:
    """Pass the command, the environment and the outputs on; whether the server made a worker."""
    request = {
        "command": sys.argv[1:],
        "environment": {name: value for name, value in os.environ.items() if name != ADDRESS},
        "folder": str(Path.cwd()),
        "niceness": os.nice(0),
    }
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(f"\0{os.environ[ADDRESS]}")
            if not is_own(asking):
                return False
            socket.send_fds(asking, [b"!"], [1, 2])
            asking.sendall(json.dumps(request).encode())
            asking.shutdown(socket.SHUT_WR)
            return asking.recv(1) == b"!"
    except (OSError, KeyError):
        return False


if __name__ == "__main__" and not is_forked():
    import runpy
    from importlib.util import find_spec

    module = find_spec("ray")
    assert module is not None
    assert module.origin is not None
    own = Path(module.origin).parent / "_private" / "workers" / "setup_worker.py"
    os.environ.pop(ADDRESS, None)
    sys.argv[0] = str(own)
    sys.path[0] = str(own.parent)
    runpy.run_path(str(own), run_name="__main__")
