"""What the proxies of the tests share: a request goes on to a server as it comes, and the answer back."""

import http.client

import loopback

# Hop-by-hop headers end at a proxy (RFC 9110, 7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect"}


class Handler(loopback.Handler):
    """One connection; `sent` counts the bytes of the current request's body."""

    chunk = 256 * 1024
    sent = 0

    def chunks(self):
        """The request body in pieces, whichever way it is framed."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            data = self.rfile.read(min(self.chunk, left))
            if not data:
                raise ConnectionError("the client went away")
            left -= len(data)
            yield data

    def counted(self):
        for data in self.chunks():
            self.sent += len(data)
            yield data

    def forward(self, upstream_host):
        """Sends the request on, and the answer back; returns its status and how long its body was."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        upstream = http.client.HTTPConnection(upstream_host, timeout=120)
        try:
            headers = loopback.without(self.headers, HOP_BY_HOP)
            has_body = "Transfer-Encoding" in self.headers or "Content-Length" in self.headers
            upstream.request(self.command, self.path, self.counted() if has_body else None, headers)
            return self.copy_answer(upstream.getresponse())
        finally:
            upstream.close()

    def copy_answer(self, answer):
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        length = answer.getheader("Content-Length")
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        received = 0
        while data := answer.read(self.chunk):
            received += len(data)
            self.pass_on(data)
        if self.command != "HEAD" and length is not None and received < int(length):
            raise ConnectionError("the server went away")
        return answer.status, received

    def pass_on(self, data):
        """One piece of an answer's body."""
        self.wfile.write(data)
