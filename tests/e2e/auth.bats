#!/usr/bin/env bats
# Every way to sign in, as a whole job: AWS's stand-in checks the token, the role, the session's name and each signature,
# and says which identity made each call. Nothing secret is in what is printed, in an argument, or left for later steps.

load helper

setup_file() {
    begin_sandbox --docker
    project=$BATS_FILE_TMPDIR/project
    mkdir "$project"
    printf 'FROM scratch\nCOPY page /\n' >"$project/Dockerfile"
    echo page >"$project/page"
    # Writes down what each program is told.
    for name in slipway docker; do
        program=$SLIPWAY_PROGRAM
        [ "$name" = slipway ] || program=$(command -v docker)
        rm -f "$BATS_FILE_TMPDIR/bin/$name"
        printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>"$WORDS"\nexec %s "$@"\n' "$program" >"$BATS_FILE_TMPDIR/bin/$name"
        chmod 755 "$BATS_FILE_TMPDIR/bin/$name"
    done
    export project
}

teardown_file() { end_sandbox; }

TOKEN=header.payload-of-the-token.signature
DEPLOY=arn:aws:iam::123456789012:role/deploy
SECOND=arn:aws:iam::210987654321:role/second

setup() {
    rest_sandbox
    key=$AWS_ACCESS_KEY_ID
    secret=$AWS_SECRET_ACCESS_KEY
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    mkdir docker
    export WORDS=$PWD/words DOCKER_CONFIG=$PWD/docker CIRCLE_PROJECT_REPONAME=kim-app-nginx CIRCLE_BUILD_NUM=42
    : >words
}

trust() { post "$SLIPWAY_SANDBOX_STANDIN/_standin/trust" "$1"; }

# ship PARAMETER...: builds, pushes and deploys as one job with these further parameters.
ship() {
    cat >config.yml <<'END'
version: 2.1
orbs: {slipway: acme/slipway@1.0.0}
workflows:
  w:
    jobs:
      - slipway/ship:
          post-steps:
            - run: {name: Keep what is left for later steps, command: cp "$BASH_ENV" left}
          cluster: default-kim5
          create_repo: true
          container: nginx
          poll_interval: 1
END
    printf '          %s\n' "$@" >>config.yml
    rm -rf work
    local name environment=()
    for name in "${!CIRCLE_@}"; do
        environment+=(--env "$name")
    done
    run --separate-stderr "$SLIPWAY_PROGRAM" local execute slipway/ship --config config.yml --workdir work --checkout "$project" \
        --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb" "${environment[@]}"
}

# callers_are SIGNER CALLER: the roles were assumed by this one, and every other call was made by that one.
callers_are() {
    curl -sS --fail "$SLIPWAY_SANDBOX_STANDIN/_standin/calls" >calls.json
    [ "$(jq -r '[.callers | to_entries[] | select(.key | test("AssumeRole")) | .value[]] | unique | join(" ")' calls.json)" = "$1" ]
    [ "$(jq -r '[.callers | to_entries[] | select(.key | test("AssumeRole") | not) | .value[]] | unique | join(" ")' calls.json)" = "$2" ]
    # It was all of it: login, repository, and deployment.
    jq -e '.callers | has("ecr:GetAuthorizationToken") and has("ecr:CreateRepository") and has("ecs:UpdateService")' calls.json
}

# Nothing secret is where it could be seen; $1: of what more.
nothing_shows() {
    local text
    {
        printf '%s\n' "$TOKEN" "$secret" "$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" "$@"
        curl -sS --fail "$SLIPWAY_SANDBOX_STANDIN/_standin/secrets" | jq -r '.[]'
    } >secrets
    while read -r text; do
        if grep -qF -- "$text" words work/left <(printf '%s\n' "$output" "$stderr"); then
            echo "this is to be seen: $text"
            return 1
        fi
    done <secrets
}

@test "OpenID Connect: the token for the role, and no keys at all" {
    trust "{\"$DEPLOY\": {\"token\": \"$TOKEN\", \"session\": \"slipway-kim-app-nginx-42\"}}"
    export CIRCLE_OIDC_TOKEN_V2=$TOKEN
    ship "role_arn: $DEPLOY" 'repo: kim/oidc'
    succeeds
    callers_are "" "$DEPLOY"
    nothing_shows
    [ "$(jq -r '.list | map(select(test("AssumeRole"))) | unique | join(" ")' calls.json)" = AssumeRoleWithWebIdentity ]
}

@test "OpenID Connect: the token goes before keys, which the project may have for other jobs" {
    trust "{\"$DEPLOY\": {\"token\": \"$TOKEN\"}}"
    export CIRCLE_OIDC_TOKEN=older-token CIRCLE_OIDC_TOKEN_V2=$TOKEN AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret
    ship 'role_arn: ${ROLE}' 'repo: kim/both'
    [ "$status" -eq 2 ]
    [[ $output$stderr == *'variable "ROLE" is not set'* ]]
    export ROLE=$DEPLOY
    ship 'role_arn: ${ROLE}' 'repo: kim/both'
    succeeds
    callers_are "" "$DEPLOY"
    nothing_shows older-token
}

@test "OpenID Connect: a token, a role or a session's name that is not trusted ends the job, with what to look at" {
    trust "{\"$DEPLOY\": {\"token\": \"$TOKEN\", \"session\": \"slipway-other-42\"}, \"$SECOND\": {\"token\": \"$TOKEN\"}}"
    before=$(facts)
    CIRCLE_OIDC_TOKEN_V2=wrong-token ship "role_arn: $SECOND" 'repo: kim/never'
    [ "$status" -eq 3 ]
    [[ $output$stderr == *"cannot assume role \"$SECOND\": STS AssumeRoleWithWebIdentity: InvalidIdentityToken: "* ]]
    [[ $output$stderr != *wrong-token* ]]
    for role in "$DEPLOY" arn:aws:iam::123456789012:role/unknown; do
        CIRCLE_OIDC_TOKEN_V2=$TOKEN ship "role_arn: $role" 'repo: kim/never'
        [ "$status" -eq 3 ]
        [[ $output$stderr == *"cannot assume role \"$role\": STS AssumeRoleWithWebIdentity: AccessDenied: "* ]]
    done
    [ "$(facts)" = "$before" ]
    [ "$(calls CreateRepository)" -eq 0 ]
}

@test "a role on a role: the second with the keys of the first" {
    trust "{\"$DEPLOY\": {\"token\": \"$TOKEN\"}, \"$SECOND\": {\"by\": [\"$DEPLOY\"], \"session\": \"slipway-kim-app-nginx-42\"}}"
    export CIRCLE_OIDC_TOKEN_V2=$TOKEN
    ship "role_arn: $DEPLOY,$SECOND" 'repo: kim/chain'
    succeeds
    callers_are " $DEPLOY" "$SECOND"
    nothing_shows
}

@test "a role by way of the keys" {
    trust "{\"$DEPLOY\": {\"by\": [\"$key\"]}}"
    export AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret
    ship "role_arn: $DEPLOY" 'repo: kim/keys-role'
    succeeds
    callers_are "$key" "$DEPLOY"
    nothing_shows
}

@test "keys in variables, and temporary ones" {
    export AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret
    ship 'repo: kim/keys'
    succeeds
    callers_are "" "$key"
    nothing_shows
    post "$SLIPWAY_SANDBOX_STANDIN/_standin/reset" ''
    export AWS_ACCESS_KEY_ID=ASIASLIPWAYSESSION00 AWS_SECRET_ACCESS_KEY=session/Secret+Key/0123456789abcdefghijk
    AWS_SESSION_TOKEN=session-token-of-the-sandbox ship 'repo: kim/temporary'
    succeeds
    callers_are "" ASIASLIPWAYSESSION00
    nothing_shows "$AWS_SECRET_ACCESS_KEY" session-token-of-the-sandbox
}

@test "a profile that steps of the job wrote, and one whose role is assumed with another's keys" {
    trust "{\"$DEPLOY\": {\"by\": [\"$key\"], \"external_id\": \"shared\", \"session\": \"by-profile\"}}"
    cat >profiles <<END
[profile base]
aws_access_key_id = $key
aws_secret_access_key = $secret
[profile deploy]
role_arn = $DEPLOY
source_profile = base
external_id = shared
role_session_name = by-profile
END
    auth="auth: [run: {name: Sign in, command: cp $PWD/profiles \"\$AWS_CONFIG_FILE\"}]"
    export AWS_CONFIG_FILE=$PWD/config-of-the-job
    ship "$auth" 'profile_name: base' 'repo: kim/profile'
    succeeds
    callers_are "" "$key"
    ship "$auth" 'profile_name: ${PROFILE:-deploy}' 'repo: kim/profile-role'
    succeeds
    curl -sS --fail "$SLIPWAY_SANDBOX_STANDIN/_standin/calls" >calls.json
    [ "$(jq -r '.callers["sts:AssumeRole"] | join(" ")' calls.json)" = "$key" ]
    [ "$(jq -r '.callers["ecs:UpdateService"] | sort | join(" ")' calls.json)" = "$key $DEPLOY" ]
    nothing_shows
    ship "$auth" 'profile_name: nope' 'repo: kim/never'
    [ "$status" -ne 0 ]
    [[ $output$stderr == *'"nope"'* ]]
}
