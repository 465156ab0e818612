#!/usr/bin/env bats
# Commands about images that are in a registry already: image tag, image exists.

# shellcheck disable=SC2154 # run and setup set variables
bats_require_minimum_version 1.5.0

setup_file() {
    load registry
    start_registry
}

teardown_file() {
    load registry
    stop_registry
}

setup() {
    load registry
    cd "$BATS_TEST_TMPDIR" || return
    repo=test-$BATS_TEST_NUMBER
    image=$REGISTRY/$repo:v1
    make_archive image.tar "$BATS_TEST_NUMBER" acme/web:v1
    "$SLIPWAY_PROGRAM" image push --quiet docker-archive:image.tar "$image" >pushed
    digest=$(cut -d@ -f2 pushed)
}

slipway() { run --separate-stderr "$SLIPWAY_PROGRAM" "$@"; }

# put_index TAG: an index of the image v1 as amd64, and of another one as arm64.
put_index() {
    local other
    make_archive other.tar other acme/web:other
    "$SLIPWAY_PROGRAM" image push --quiet docker-archive:other.tar "$REGISTRY/$repo:other" >pushed
    other=$(cut -d@ -f2 pushed)
    jq -n --arg a "$digest" --arg b "$other" --argjson x "$(size_of "$digest")" --argjson y "$(size_of "$other")" '
        def entry($digest; $size; $arch): {mediaType: "application/vnd.docker.distribution.manifest.v2+json",
            digest: $digest, size: $size, platform: {os: "linux", architecture: $arch}};
        {schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
         manifests: [entry($a; $x; "amd64"), entry($b; $y; "arm64")]}' >index.json
    curl -fsS -u "AWS:$PASSWORD" -X PUT --data-binary @index.json \
        -H 'Content-Type: application/vnd.oci.image.index.v1+json' "http://$REGISTRY/v2/$repo/manifests/$1"
}

size_of() { "$SLIPWAY_PROGRAM" image digest "$REGISTRY/$repo@$1" --output json | jq .size; }

@test "tag: new tags name the same image, and others see it" {
    slipway image tag "$image" v2 latest,stable
    [ "$status" -eq 0 ]
    [ "$output" = "$REGISTRY/$repo:v2@$digest
$REGISTRY/$repo:latest@$digest
$REGISTRY/$repo:stable@$digest" ]
    [ "$stderr" = "tagged $REGISTRY/$repo:v2
tagged $REGISTRY/$repo:latest
tagged $REGISTRY/$repo:stable" ]
    [ "$(tags)" = "latest stable v1 v2" ]
    [ "$(judge "$REGISTRY/$repo:stable")" = "$digest" ]
    if command -v crane >/dev/null; then [ "$(crane digest "$REGISTRY/$repo:v2")" = "$digest" ]; fi
}

@test "tag: by digest, as json, and again" {
    slipway image tag "$REGISTRY/$repo@$digest" v2 --output json
    [ "$status" -eq 0 ]
    [ "$(jq -c . <<<"$output")" = "$(jq -nc --arg d "$digest" --arg r "$REGISTRY/$repo:v2" '{digest: $d,
        media_type: "application/vnd.docker.distribution.manifest.v2+json",
        tags: [{tag: "v2", reference: $r, written: true}]}')" ]
    slipway image tag "$image" v2 --output json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.tags[].written]' <<<"$output")" = "[false]" ]
    [ "$stderr" = "$REGISTRY/$repo:v2 is this image already" ]
}

@test "tag: an index stays an index" {
    put_index multi
    slipway image tag "$REGISTRY/$repo:multi" multi-latest
    [ "$status" -eq 0 ]
    curl -fsS -u "AWS:$PASSWORD" -H 'Accept: application/vnd.oci.image.index.v1+json' \
        "http://$REGISTRY/v2/$repo/manifests/multi-latest" >got.json
    cmp index.json got.json
    skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/$repo:multi-latest" | cmp - index.json
}

@test "tag: what is wrong is said before anything is written" {
    while IFS='|' read -r words message; do
        # shellcheck disable=SC2086 # words
        slipway image tag $words
        [ "$status" -eq 2 ]
        [ -z "$output" ]
        [[ $stderr == *"$message"* ]] || { echo "$words: $stderr"; return 1; }
    done <<END
$image|image tag
$image v2 a+b|tag "a+b" has '+' at position 2
$image other/web:v2|give the tag alone, it is written in the image's own repository
$image ,|the new tag is empty: is the variable that it is made of set?
$REGISTRY/Upper v2|repository "Upper" has 'U' at position 1
END
    slipway image tag "$REGISTRY/$repo:v9" v2
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [[ $stderr == *"cannot read manifest v9 in \"$REGISTRY/$repo\": registry \"$REGISTRY\" does not have it"* ]]
    DOCKER_CONFIG=$PWD slipway image tag "$image" v2
    [ "$status" -eq 3 ]
    [ "$(tags)" = v1 ]
}

@test "exists: all, some and none" {
    slipway image tag "$image" v1.2
    slipway image exists --registry "$REGISTRY" --repo "$repo" --tag v1,v1.2
    [ "$status" -eq 0 ]
    [ "$output" = "$image@$digest
$REGISTRY/$repo:v1.2@$digest" ]
    [ -z "$stderr" ]
    slipway image exists "$image" "$REGISTRY/$repo:v" "$REGISTRY/$repo:1.2"
    [ "$status" -eq 1 ]
    [ "$output" = "$image@$digest" ]
    [[ $stderr == *"2 of 3 images do not exist: \"$REGISTRY/$repo:v\", \"$REGISTRY/$repo:1.2\""* ]]
    slipway image exists --no-all "$image" "$REGISTRY/$repo:v"
    [ "$status" -eq 0 ]
    slipway image exists "$REGISTRY/nowhere:v1"
    [ "$status" -eq 1 ]
    [[ $stderr == *"image \"$REGISTRY/nowhere:v1\" does not exist"* ]]
}

@test "exists: json, no login and nobody there" {
    slipway image exists "$image" "$REGISTRY/$repo:v2" --output json
    [ "$status" -eq 1 ]
    [ "$(jq -c . <<<"$output")" = "$(jq -nc --arg d "$digest" --arg r "$REGISTRY/$repo" '{exists: false, images: [
        {reference: "\($r):v1", exists: true, digest: $d}, {reference: "\($r):v2", exists: false}]}')" ]
    DOCKER_CONFIG=$PWD slipway image exists "$REGISTRY/$repo:v2"
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    slipway image exists 127.0.0.1:1/app:v1
    [ "$status" -eq 4 ]
    [ -z "$output" ]
}
