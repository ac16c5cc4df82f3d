"""
Types a command into redis-cli as a person would, at a terminal: prints what it shows until that matches, or for ten seconds.
Arguments: port, what is typed, a regular expression.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

port, typed, expected = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("redis-cli", ["redis-cli", "-p", port])

# Else it asks the terminal for its width, and waits for the answer.
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
shown = b""


def read_until(pattern):
    global shown
    deadline = time.monotonic() + 10
    while not re.search(pattern.encode(), shown, re.DOTALL) and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.05)[0]:
            shown += os.read(terminal, 65536)


read_until("> ")
os.write(terminal, typed.encode())
read_until(expected)
os.kill(pid, 9)
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
