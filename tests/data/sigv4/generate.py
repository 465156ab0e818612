#!/usr/bin/env python3
"""Writes cases.json: signed requests as botocore, the AWS SDK for Python, signs them.

Run it again after adding a case: python3 tests/data/sigv4/generate.py > tests/data/sigv4/cases.json
The cases are those that AWS's own test suite does not hold: order of equal query keys, case of
query keys, '%' and '+' in paths and queries, white space, other scopes, midnight, S3, JSON-1.1.
"""
import datetime
import json
import sys
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOON = "2015-08-30T12:36:00Z"


def case(name, **kw):
    return dict(name=name, **kw)


CASES = [
    case("equal keys are ordered by value", params=[["k", "b"], ["k", "a"], ["k", "aa"]],
         query="k=b&k=a&k=aa"),
    case("query order is by byte: upper case first", params=[["b", "1"], ["B", "2"], ["a", "3"]],
         query="b=1&B=2&a=3"),
    case("keys are compared before values", params=[["ab", "1"], ["a", "2"], ["a-b", "3"]],
         query="ab=1&a=2&a-b=3"),
    case("a percent sign in the path is encoded once more", path="/a%3Ab/c"),
    case("a space in the path is already encoded", path="/documents%20and/x"),
    case("s3 signs the path as sent", service="s3", path="/bucket/a%20b%3Ac//d/../e", s3=True),
    case("s3 signs the digest of an empty body", service="s3", path="/", s3=True),
    case("a plus sign in a query stands for itself", params=[["q", "a+b"]], query="q=a+b"),
    case("a space in a query is percent 20", params=[["q", "a b"]], query="q=a%20b"),
    case("a slash and a colon in a query are encoded", params=[["arn", "arn:aws:x/y"]],
         query="arn=arn:aws:x/y"),
    case("a key without equal sign has an empty value", params=[["flag", ""], ["a", "1"]],
         query="flag&a=1"),
    case("an empty query value stays", params=[["empty", ""], ["z", "1"]], query="empty=&z=1"),
    case("an empty header value stays", headers=[["X-Empty", ""], ["X-Full", "v"]]),
    case("tabs and runs of blanks become one blank",
         headers=[["X-Text", "a\tb  \t c"], ["X-Ends", "\t padded \t"]]),
    case("user agent is not signed", headers=[["User-Agent", "slipway/0.1"]]),
    case("midnight", time="2024-01-01T00:00:00Z"),
    case("last second of a leap day", time="2024-02-29T23:59:59Z", region="eu-central-1"),
    case("second scope", region="ap-southeast-2", service="sts", time="2026-11-23T02:13:40Z"),
    case("ecs json call", method="POST", region="us-west-2", service="ecs",
         host="ecs.us-west-2.amazonaws.com",
         headers=[["Content-Type", "application/x-amz-json-1.1"],
                  ["X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeServices"]],
         body='{"cluster":"default-kim5","services":["kim-app-nginx"]}'),
    case("ecr json call with a session token", method="POST", region="eu-west-1", service="ecr",
         host="api.ecr.eu-west-1.amazonaws.com", token="FwoGZXIvYXdzEBYaD+a/b==",
         headers=[["Content-Type", "application/x-amz-json-1.1"],
                  ["X-Amz-Target",
                   "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"]],
         body="{}"),
    case("sts form call on a local port", method="POST", service="sts", host="127.0.0.1:5000",
         headers=[["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]],
         body="Action=GetCallerIdentity&Version=2011-06-15"),
]


def at(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def sign(c):
    token = c.get("token")
    credentials = Credentials(KEY, SECRET, token)
    service, region = c.get("service", "service"), c.get("region", "us-east-1")
    host = c.get("host", "example.amazonaws.com")
    scheme = "http" if host.startswith("127.") else "https"
    request = AWSRequest(method=c.get("method", "GET"), url=f"{scheme}://{host}{c.get('path', '/')}",
                         data=c.get("body", ""))
    request.headers["Host"] = host
    for name, value in c.get("headers", []):
        request.headers[name] = value
    if "params" in c:
        request.params = MultiParams(c["params"])
    signer = (botocore.auth.S3SigV4Auth if c.get("s3") else botocore.auth.SigV4Auth)(
        credentials, service, region)
    now = at(c.get("time", NOON))
    with mock.patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: now):
        seen = {}
        canonical = signer.canonical_request

        def keep(req):
            seen["canonical"] = canonical(req)
            return seen["canonical"]

        signer.canonical_request = keep
        to_sign = signer.string_to_sign

        def keep_sts(req, text):
            seen["sts"] = to_sign(req, text)
            return seen["sts"]

        signer.string_to_sign = keep_sts
        signer.add_auth(request)
    return seen, request


class MultiParams(dict):
    """Query parameters in which a key may come more than once."""

    def __init__(self, pairs):
        super().__init__()
        self.pairs = pairs

    def items(self):
        return [tuple(p) for p in self.pairs]

    def __iter__(self):
        return iter([p[0] for p in self.pairs])

    def __bool__(self):
        return True


def main():
    out = []
    for c in CASES:
        seen, request = sign(c)
        out.append({
            "name": c["name"],
            "request": {
                "method": c.get("method", "GET"), "path": c.get("path", "/"),
                "query": c.get("query", ""),
                "headers": [["Host", c.get("host", "example.amazonaws.com")]] + c.get("headers", []),
                "body": c.get("body", "")},
            "key_id": KEY, "secret": SECRET, "token": c.get("token"),
            "region": c.get("region", "us-east-1"), "service": c.get("service", "service"),
            "time": c.get("time", NOON), "s3": bool(c.get("s3")),
            "canonical_request": seen["canonical"], "string_to_sign": seen["sts"],
            "authorization": request.headers["Authorization"]})
    json.dump(out, sys.stdout, indent=1)
    print()


main()
