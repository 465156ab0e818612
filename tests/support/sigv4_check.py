"""Checks the signature of a request the way AWS does, with botocore's signer as the reference."""

import re

import botocore.auth
import botocore.awsrequest
import botocore.credentials

AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$"
)

# What an identity of the sandbox may be: id, secret, session token, and whether it has expired.
IDENTITIES = {
    "AKIASLIPWAYSANDBOX00": ("sandbox/Secret+Key/0123456789abcdefghijk", None, False),
    "ASIASLIPWAYSESSION00": ("session/Secret+Key/0123456789abcdefghijk", "session-token-of-the-sandbox", False),
    "ASIASLIPWAYEXPIRED00": ("expired/Secret+Key/0123456789abcdefghijk", "expired-token-of-the-sandbox", True),
}

MISSING = ("MissingAuthenticationTokenException", "Missing Authentication Token")
INCOMPLETE = ("IncompleteSignatureException", "Authorization header is malformed")
UNKNOWN = ("UnrecognizedClientException", "The security token included in the request is invalid.")
EXPIRED = ("ExpiredTokenException", "The security token included in the request is expired")
WRONG = (
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method. Consult the service documentation for details.",
)


def verdict(method, path, headers, body):
    """None when the request is signed by a known identity, else AWS's (code, message)."""
    text = headers.get("Authorization")
    if not text:
        return MISSING
    match = AUTHORIZATION.match(text)
    if not match:
        return INCOMPLETE
    key, _, region, service, signed, signature = match.groups()
    if key not in IDENTITIES:
        return UNKNOWN
    secret, token, expired = IDENTITIES[key]
    if signature != _expected(method, path, headers, body, (key, secret), (region, service), signed):
        return WRONG
    if headers.get("X-Amz-Security-Token") != token:
        return UNKNOWN
    return EXPIRED if expired else None


def _expected(method, path, headers, body, keys, scope, signed):
    wanted = signed.split(";")
    url = f"http://{headers['Host']}{path}"
    request = botocore.awsrequest.AWSRequest(
        method=method, url=url, data=body, headers={n: headers[n] for n in wanted if n in headers}
    )
    request.context["timestamp"] = headers.get("X-Amz-Date", "")
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), scope[1], scope[0])
    canonical = signer.canonical_request(request)
    return signer.signature(signer.string_to_sign(request, canonical), request)
