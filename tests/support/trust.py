"""Roles of the sandbox: who may assume them, and the temporary keys that come of it. STS's answers are as AWS words them."""

import html
import secrets
import threading

import sigv4_check

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


class Denied(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Trust:
    """`roles`: {ARN: {"token": the web identity's, or "by": [key ids and ARNs of roles that may], "session": its name,
    "external_id"}}. What is not there is not asked for; a role that is not there cannot be assumed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.roles, self.assumed = {}, {}

    def set(self, roles):
        with self.lock:
            for key in self.assumed:
                sigv4_check.IDENTITIES.pop(key, None)
            self.roles, self.assumed = roles, {}
        return {}

    def caller(self, key):
        """The role whose key it is, or the key."""
        return self.assumed.get(key, key)

    def assume(self, action, form, key):
        """The answer to an STS action; `key` signed it, None for a token. Denied when the role does not trust the caller."""
        value = {name: values[0] for name, values in form.items()}
        arn, session = value.get("RoleArn", ""), value.get("RoleSessionName", "")
        role = self.roles.get(arn)
        not_allowed = Denied("AccessDenied", f"Not authorized to perform sts:{action}")
        if role is None or role.get("session", session) != session or role.get("external_id") != value.get("ExternalId"):
            raise not_allowed
        if action == "AssumeRoleWithWebIdentity":
            if "token" not in role:
                raise not_allowed
            if value.get("WebIdentityToken") != role["token"]:
                raise Denied("InvalidIdentityToken", "No OpenIDConnect provider found in your account for the token")
        elif self.caller(key) not in role.get("by", []):
            raise not_allowed
        return self.answer(action, arn, session)

    def answer(self, action, arn, session):
        key, secret, token = "ASIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30), secrets.token_urlsafe(60)
        with self.lock:
            self.assumed[key] = arn
            sigv4_check.IDENTITIES[key] = (secret, token, False)
        user = html.escape(arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/" + session)
        return (
            f'<{action}Response xmlns="{NAMESPACE}"><{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId>'
            f"<SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken>"
            f"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>{user}</Arn></AssumedRoleUser></{action}Result></{action}Response>"
        )

    def secrets(self):
        """What must not be seen anywhere."""
        with self.lock:
            return [text for key in self.assumed for text in sigv4_check.IDENTITIES[key][:2]]
