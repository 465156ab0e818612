# shellcheck shell=bash
# Sourced by bats files that need a registry: a real one (distribution) of their own on a free port that wants
# a password, images to push to it, and what others say of them. The judges are skopeo and, where it is
# installed, crane.

PASSWORD=correct-horse

# Starts the registry and sets $REGISTRY to its host; logins are in Docker's configuration.
start_registry() {
    for tool in docker-registry htpasswd skopeo jq; do
        command -v "$tool" >/dev/null || skip "there is no $tool; tests/setup installs it"
    done
    htpasswd -nbB AWS "$PASSWORD" >"$BATS_FILE_TMPDIR/htpasswd" 2>/dev/null
    cat >"$BATS_FILE_TMPDIR/registry.yml" <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $BATS_FILE_TMPDIR/registry}}
http: {addr: "127.0.0.1:0"}
auth: {htpasswd: {realm: test, path: $BATS_FILE_TMPDIR/htpasswd}}
END
    docker-registry serve "$BATS_FILE_TMPDIR/registry.yml" >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- &
    echo $! >"$BATS_FILE_TMPDIR/pid"
    for _ in $(seq 200); do
        REGISTRY=$(grep -o 'listening on 127\.0\.0\.1:[0-9]*' "$BATS_FILE_TMPDIR/log" | head -1)
        [ -z "$REGISTRY" ] || break
        sleep 0.05
    done
    export REGISTRY=${REGISTRY#listening on }
    [ -n "$REGISTRY" ] || { cat "$BATS_FILE_TMPDIR/log"; return 1; }
    export DOCKER_CONFIG=$BATS_FILE_TMPDIR/docker
    mkdir "$DOCKER_CONFIG"
    printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$(printf 'AWS:%s' "$PASSWORD" | base64)" \
        >"$DOCKER_CONFIG/config.json"
    unset DOCKER_HOST AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_ECR
    export AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
}

stop_registry() {
    [ ! -f "$BATS_FILE_TMPDIR/pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/pid")"
}

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# make_archive FILE TEXT NAME [ARCHITECTURE]: what "docker save" of two layers looks like; TEXT is in the upper one.
# $NUMBERS lines are in the lower one.
make_archive() {
    local dir=build-$1 one two config
    mkdir -p "$dir/in" "$dir/a" "$dir/b"
    seq "${NUMBERS:-200000}" >"$dir/in/numbers"
    tar -C "$dir/in" --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$dir/a/layer.tar" numbers
    echo "$2" >"$dir/in/text"
    tar -C "$dir/in" --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$dir/b/layer.tar" text
    rm -r "$dir/in"
    one=$(digest_of "$dir/a/layer.tar") two=$(digest_of "$dir/b/layer.tar")
    printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' \
        "${4:-amd64}" "$one" "$two" >"$dir/config"
    config=$(digest_of "$dir/config").json
    mv "$dir/config" "$dir/$config"
    printf '[{"Config":"%s","RepoTags":["%s"],"Layers":["a/layer.tar","b/layer.tar"]}]' "$config" "$3" \
        >"$dir/manifest.json"
    (cd "$dir" && tar -cf "../$1" a b "$config" manifest.json)
    rm -r "$dir"
}

judge() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }

# The tags of the test's repository; nothing when there is none.
# shellcheck disable=SC2154 # set by each test
tags() { curl -sS -u "AWS:$PASSWORD" "http://$REGISTRY/v2/$repo/tags/list" | jq -r '.tags // [] | sort | join(" ")'; }
