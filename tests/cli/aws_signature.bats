#!/usr/bin/env bats
# Signatures and roles against a moto that checks them: it knows the keys of one IAM user, and what
# that user and a role may do.

bats_require_minimum_version 1.5.0

role=arn:aws:iam::123456789012:role/deploy

# Makes the user and the role with the calls that moto lets pass unchecked; prints id and secret.
make_identities() {
    AWS_DEFAULT_REGION=us-east-1 python3 - <<'END'
import json
import boto3


def policy(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


iam = boto3.client("iam")
trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
iam.create_user(UserName="ci")
key = iam.create_access_key(UserName="ci")["AccessKey"]
iam.put_user_policy(UserName="ci", PolicyName="p", PolicyDocument=policy("ecr:GetAuthorizationToken", "sts:AssumeRole"))
iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
iam.put_role_policy(RoleName="deploy", PolicyName="p", PolicyDocument=policy("ecr:*"))
print(key["AccessKeyId"], key["SecretAccessKey"])
END
}

setup_file() {
    load moto
    export INITIAL_NO_AUTH_ACTION_COUNT=5
    start_moto
    local keys
    keys=$(make_identities)
    export CI_KEY=${keys% *} CI_SECRET=${keys#* }
}

teardown_file() {
    load moto
    stop_servers
}

setup() {
    load moto
    cd "$BATS_TEST_TMPDIR"
    export HOME=$BATS_TEST_TMPDIR AWS_EC2_METADATA_DISABLED=true
    export AWS_ACCESS_KEY_ID=$CI_KEY AWS_SECRET_ACCESS_KEY=$CI_SECRET
}

# Runs with stdout in "out" and stderr in "err"; sets $status.
slip() {
    status=0
    "$SLIPWAY_PROGRAM" "$@" >out 2>err || status=$?
}

says() {
    grep -qF -- "$1" err || { cat err; false; }
}

@test "a JSON call with the right key is accepted" {
    slip ecr get-login-password
    [ "$status" -eq 0 ]
    [ "$(cat out)" = "$moto_password" ]
}

@test "a wrong secret is told from an unknown key" {
    AWS_SECRET_ACCESS_KEY=not-it slip ecr get-login-password
    [ "$status" -eq 3 ]
    [ ! -s out ]
    says 'the secret does not belong to the access key id: check AWS_SECRET_ACCESS_KEY'
    AWS_ACCESS_KEY_ID=AKIAUNKNOWN000000000 slip ecr get-login-password
    [ "$status" -eq 3 ]
    says 'AWS does not know this access key id'
}

@test "a missing right is named" {
    slip ecr create-repository web
    [ "$status" -eq 3 ]
    says 'AccessDenied'
    says 'is not authorized to perform: ecr:'
    says 'IAM policy'
}

@test "a query call gets a role, whose session token signs the next call" {
    slip ecr create-repository web --role-arn "$role"
    [ "$status" -eq 0 ] || { cat err; false; }
}

@test "keys, role and region from the shared files" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
    mkdir .aws
    printf '[profile deploy]\nregion = eu-west-1\nrole_arn = %s\nsource_profile = base\n' "$role" \
        >.aws/config
    printf '[base]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$CI_KEY" "$CI_SECRET" \
        >.aws/credentials
    slip ecr create-repository api --profile deploy --debug
    [ "$status" -eq 0 ] || { cat err; false; }
    says 'credentials from an assumed role'
    [ "$(grep -cF -- "$CI_SECRET" err)" -eq 0 ]
}

@test "without any credentials it is said where they belong" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    slip ecr get-login-password
    [ "$status" -eq 3 ]
    says 'no AWS credentials found; in CircleCI, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
}
