#!/usr/bin/env bats
# Builds by BuildKit, run as jobs: secrets, build arguments and stages, and what of these is to be seen afterwards. An old
# client has its BuildKit in it; a newer one needs the buildx plugin. What needs a builder beside the engine is tried where
# SLIPWAY_BUILDX and SLIPWAY_BUILDKITD name these programs.

load helper
load ../cli/builder

# A docker client whose BuildKit is at hand.
client() {
    local found version
    while read -r found; do
        version=$("$found" version --format '{{.Client.Version}}' 2>/dev/null)
        if [ "${version%%.*}" -lt 23 ] || "$found" buildx version >/dev/null 2>&1; then
            echo "$found"
            return
        fi
    done < <(type -ap docker)
}

setup_file() {
    begin_sandbox --docker
    project=$BATS_FILE_TMPDIR/project
    mkdir "$project"
    cp "$(command -v busybox)" "$project/busybox"
    cat >"$project/Dockerfile" <<'END'
FROM scratch AS base
COPY busybox /bin/busybox
ARG GREETING
LABEL greeting=$GREETING
FROM base AS tested
RUN --mount=type=secret,id=HANDSHAKE --mount=type=secret,id=npm ["/bin/busybox", "sh", "-c", "/bin/busybox cat /run/secrets/HANDSHAKE /run/secrets/npm >/read && /bin/busybox md5sum /read >/sum && /bin/busybox rm /read"]
FROM base
LABEL last=yes
END
    printf 'secret-of-the-file' >"$project/npmrc"
    docker=$(client)
    export project docker
    # Writes down what docker is told.
    printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>"$DOCKER_WORDS"\nexec %s "$@"\n' "$docker" >"$BATS_FILE_TMPDIR/bin/docker"
    chmod 755 "$BATS_FILE_TMPDIR/bin/docker"
}

teardown_file() { end_sandbox; }

setup() {
    rest_sandbox
    [ -n "$docker" ] || skip "no docker client here has BuildKit"
    more=()
    export DOCKER_WORDS=$PWD/words HANDSHAKE='secret-of-the-variable $(touch ran)' GREETING='it'\''s "so"'
    : >words
}

# builds PARAMETER...: runs the job that builds and pushes with these further parameters.
builds() {
    printf 'version: 2.1\norbs: {slipway: acme/slipway@1.0.0}\nworkflows:\n  w:\n    jobs:\n      - slipway/build_and_push_image:\n          repo: nginx\n          tag: built\n' >config.yml
    printf '          %s\n' "$@" 'extra_build_args: --network none' >>config.yml
    rm -rf work
    run --separate-stderr slipway local execute slipway/build_and_push_image --config config.yml --workdir work --checkout "$project" \
        --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb" "${more[@]}"
}

# has TAG FILTER: what the registry holds under this tag.
has() {
    local kinds='application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
    kinds+=', application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json'
    curl -sS -u "AWS:$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" -H "Accept: $kinds" \
        "http://$SLIPWAY_SANDBOX_REGISTRY/v2/nginx/manifests/$1" | jq -e "$2" >/dev/null
}

@test "secrets are read where they are, and are in no argument, output or layer" {
    builds 'build_secrets: |-' '  HANDSHAKE' '  id=npm,src=npmrc' 'build_args: |' '  GREETING=${GREETING}' 'target: tested'
    succeeds
    [[ $(grep '^build ' words) == "build "*" --target tested --build-arg GREETING=$GREETING --secret id=HANDSHAKE,env=HANDSHAKE --secret id=npm,src=npmrc --network none ."* ]]
    [ "$(grep -c secret-of words)" -eq 0 ]
    [[ $output$stderr != *secret-of* ]]
    image=$AWS_ECR_ACCOUNT_URL/nginx:built
    [ "$(docker inspect --format '{{.Config.Labels.greeting}}' "$image")" = "$GREETING" ]
    [ "$({ docker inspect "$image"; docker history --no-trunc "$image"; } | grep -c secret-of)" -eq 0 ]
    # The stage was built, with the secrets, and holds no file of them.
    container=$(docker create "$image" x)
    docker export "$container" >image.tar
    docker rm "$container" >/dev/null
    [ "$(tar -xOf image.tar sum | cut -d' ' -f1)" = "$(printf '%ssecret-of-the-file' "$HANDSHAKE" | md5sum | cut -d' ' -f1)" ]
    [ "$(grep -c secret-of image.tar)" -eq 0 ]
    [ ! -e work/ran ]
    # Nothing stands beside the image.
    has built 'has("config") and (.layers | length == 2)'
}

@test "a secret that is not there stops the job before the build" {
    builds 'build_secrets: NOT_THERE'
    [ "$status" -eq 2 ]
    [[ $output$stderr == *'error: --secrets: secret "NOT_THERE": variable "NOT_THERE" is not set'* ]]
    [ "$(grep -c '^build ' words)" -eq 0 ]
}

@test "attestations are there when they are asked for, and a cache is one that ECR takes" {
    need_builder
    mkdir -p docker/cli-plugins
    ln -s "$SLIPWAY_BUILDX" docker/cli-plugins/docker-buildx
    export DOCKER_CONFIG=$PWD/docker
    # The builder that the job would make has a name by then.
    start_builder builder slipway-shop-slipway-build-and-push-image-0 "$AWS_ECR_ACCOUNT_URL"
    more=(--env CIRCLE_PROJECT_REPONAME=shop)
    status=0
    builds 'target: base' 'cache_to: ${SLIPWAY_REGISTRY_HOST}/nginx:cache' && succeeds && has built 'has("config")' &&
        has cache '.mediaType == "application/vnd.oci.image.manifest.v1+json"' &&
        docker buildx prune --builder slipway-shop-slipway-build-and-push-image-0 --all --force &&
        builds 'target: base' 'cache_from: ${SLIPWAY_REGISTRY_HOST}/nginx:cache' 'extra-build-args: --provenance=true' && succeeds &&
        [[ $output$stderr == *"importing cache manifest from $AWS_ECR_ACCOUNT_URL/nginx:cache"* ]] &&
        has built '[.manifests[].annotations["vnd.docker.reference.type"]] == [null, "attestation-manifest"]' || status=1
    kill "$builder"
    [ "$status" -eq 0 ]
}
