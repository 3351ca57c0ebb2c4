"""Runs one command and prints what it took, as JSON. Started by `measure.run_measured`.

A process of its own, and as small as Python gets: Linux counts the memory of whoever starts a
program into that program's peak, so a benchmark with arrays in memory must not start it itself.
"""

import json
import os
import sys
import time


def main() -> None:
    """Run the arguments as a command; its output goes to the file named first."""
    log, *command = sys.argv[1:]
    begin = time.perf_counter()
    with open(log, "wb") as output:  # noqa: PTH123  # pathlib is half of this process
        actions = [
            (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
        ]
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    result = {
        "wall": time.perf_counter() - begin,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
