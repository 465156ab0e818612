"""Stands between a client and a Docker engine and counts what the engine sends.

usage: engine_tap.py LISTEN ENGINE COUNT

LISTEN and ENGINE are paths of unix sockets; the file COUNT holds the number of bytes that clients were given. The
tap ends when its standard input does.
"""

import pathlib
import socket
import sys
import threading


class Tap:
    def __init__(self, engine, count):
        self.engine = engine
        self.count = pathlib.Path(count)
        self.lock = threading.Lock()
        self.bytes = 0
        self.note(0)

    def note(self, length):
        with self.lock:
            self.bytes += length
            self.count.write_text(f"{self.bytes}\n", encoding="ascii")

    def pump(self, source, target, count):
        """Moves bytes one way until either end goes; then the other way ends as well."""
        try:
            while data := source.recv(65536):
                # Beforehand, so that nobody has bytes that are not counted yet.
                if count:
                    self.note(len(data))
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(self, client):
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(self.engine)
        threading.Thread(target=self.pump, args=(client, engine, False), daemon=True).start()
        threading.Thread(target=self.pump, args=(engine, client, True), daemon=True).start()

    def accept(self, listener):
        while True:
            self.serve(listener.accept()[0])


def main():
    listen, engine, count = sys.argv[1:]
    tap = Tap(engine, count)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(listen)
    listener.listen()
    threading.Thread(target=tap.accept, args=(listener,), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
