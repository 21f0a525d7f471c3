#!/usr/bin/env python3
"""Runs Argo's agent where nobody else can reach the port that it opens to the world.

    box.py SOCKET-FOLDER API-PORT AGENT ARG...

In a network namespace of its own, which only has a loopback: what the agent sends to 127.0.0.1:API-PORT
is carried over a Unix socket to the same port outside. A connection to SOCKET-FOLDER/sync makes the agent
synchronise. Ends with the agent.
"""
import ctypes
import fcntl
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import urllib.request

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
AGENT_PORT = 9001


def carry(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def join(connection, other):
    for pair in ((connection, other), (other, connection)):
        threading.Thread(target=carry, args=pair, daemon=True).start()


def serve(listener, take):
    """Hands each connection to `take`, from now on, on a thread."""
    def run():
        while True:
            take(listener.accept()[0])
    listener.listen(64)
    threading.Thread(target=run, daemon=True).start()


def unix(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


def carry_outside(path, port):
    """Outside of the box: from the Unix socket to the API server. In a process of its own."""
    listener = unix(path)
    if carrier := os.fork():
        return carrier
    serve(listener, lambda connection: join(connection, socket.create_connection(("127.0.0.1", port))))
    while True:
        signal.pause()


def carry_inside(path, port):
    def take(connection):
        other = socket.socket(socket.AF_UNIX)
        other.connect(str(path))
        join(connection, other)
    serve(socket.create_server(("127.0.0.1", port)), take)


def synchronise(connection):
    urllib.request.urlopen(f"http://127.0.0.1:{AGENT_PORT}/api/v1/sync").read()
    connection.close()


def enter_box():
    libc = ctypes.CDLL(None, use_errno=True)
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET
    if libc.unshare(flags):
        sys.exit(f"no network namespace could be made: {os.strerror(ctypes.get_errno())}")
    up = struct.pack("16sh", b"lo", 1)  # IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, 0x8914, up)  # SIOCSIFFLAGS


def main():
    folder, port, command = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    carrier = carry_outside(folder / "api", port)
    enter_box()
    carry_inside(folder / "api", port)
    serve(unix(folder / "sync"), synchronise)
    agent = subprocess.Popen([*command, "--port", str(AGENT_PORT)])
    signal.signal(signal.SIGTERM, lambda *_: agent.terminate())
    (folder / "pid").write_text(str(agent.pid))
    code = agent.wait()
    os.kill(carrier, signal.SIGTERM)
    sys.exit(code)


main()
