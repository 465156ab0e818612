"""A stand-in for the part of GitHub's API that makes releases.

usage: github_standin.py     prints where it listens, serves until killed

POST and PATCH of /repos/OWNER/NAME/releases, the list, uploads, and the removal of an asset; the token is
"github-token". Control: GET /_state shows the releases, POST /_break leaves the next upload unfinished.
"""

import hashlib
import json
import re
import urllib.parse

from loopback import Handler, Server


class Github(Handler):
    def release(self, number):
        return next((r for r in self.server.releases if r["id"] == int(number)), None)

    def serve(self):
        data = self.body()
        if self.headers.get("Authorization") != "Bearer github-token":
            self.reply_json(401, {"message": "Bad credentials"})
            return
        url = urllib.parse.urlsplit(self.path)
        route = f"{self.command} {url.path}"
        for pattern, function in ROUTES:
            match = re.fullmatch(pattern, route)
            if match:
                function(self, data, urllib.parse.parse_qs(url.query), *match.groups())
                return
        self.reply_json(404, {"message": "Not Found"})

    def list(self, _data, _query):
        self.reply_json(200, self.server.releases)

    def create(self, data, _query, repository):
        number = len(self.server.releases) + 1
        upload = f"http://{self.server.address}/uploads/{number}/assets{{?name,label}}"
        page = f"https://github.com/{repository}/releases/{number}"
        release = {**json.loads(data), "id": number, "upload_url": upload, "html_url": page, "assets": []}
        self.server.releases.append(release)
        self.reply_json(201, release)

    def change(self, data, _query, number):
        self.release(number).update(json.loads(data))
        self.reply_json(200, self.release(number))

    def upload(self, data, query, number):
        name = query["name"][0]
        assets = self.release(number)["assets"]
        if any(a["name"] == name for a in assets):
            self.reply_json(422, {"message": "Validation Failed", "errors": [{"code": "already_exists"}]})
            return
        state = "starter" if self.server.broken else "uploaded"
        asset = {"id": 1000 + self.server.uploads, "name": name, "state": state}
        asset["digest"] = "sha256:" + hashlib.sha256(data).hexdigest()
        self.server.uploads += 1
        assets.append(asset)
        if self.server.broken:
            self.server.broken = False
            self.reply_json(502, {"message": "Server Error"})
        else:
            self.reply_json(201, asset)

    def remove(self, _data, _query, number):
        for release in self.server.releases:
            release["assets"] = [a for a in release["assets"] if a["id"] != int(number)]
        self.reply(204)


ROUTES = (
    (r"GET /repos/[^/]+/[^/]+/releases", Github.list),
    (r"POST /repos/([^/]+/[^/]+)/releases", Github.create),
    (r"PATCH /repos/[^/]+/[^/]+/releases/(\d+)", Github.change),
    (r"DELETE /repos/[^/]+/[^/]+/releases/assets/(\d+)", Github.remove),
    (r"POST /uploads/(\d+)/assets", Github.upload),
)


def main():
    server = Server(Github)
    server.releases, server.broken, server.uploads = [], False, 0

    def break_next(_):
        server.broken = True
        return {}

    server.control = {("GET", "/_state"): lambda _: server.releases, ("POST", "/_break"): break_next}
    server.run()


if __name__ == "__main__":
    main()
