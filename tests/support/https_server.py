"""An HTTPS server on loopback that answers everything with an empty JSON object.

usage: https_server.py CERTIFICATE KEY     prints where it listens, serves until killed
"""

import ssl
import sys

from loopback import Handler, Server


class Empty(Handler):
    def serve(self):
        self.body()
        self.reply_json(200, {})


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:])
    server = Server(Empty)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.run()


if __name__ == "__main__":
    main()
