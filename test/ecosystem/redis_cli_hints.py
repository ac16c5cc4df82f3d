"""Types a command into redis-cli as a person would, at a terminal: prints what it shows. Arguments: port, what is typed."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

port, typed = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("redis-cli", ["redis-cli", "-p", port])

# Else it asks the terminal for its width, and waits for the answer.
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
shown = b""


def read_until(text, seconds):
    global shown
    deadline = time.monotonic() + seconds
    while text not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.05)[0]:
            shown += os.read(terminal, 65536)


read_until(b"> ", 5)
os.write(terminal, typed.encode())
# Nothing tells that it has shown all that it will.
read_until(b"\0", 0.5)
os.kill(pid, 9)
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
