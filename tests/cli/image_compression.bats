#!/usr/bin/env bats
# How layers are compressed, by a real registry and the tools that read it.

# shellcheck disable=SC2154 # run and setup set variables
load images

setup_file() {
    start_registry
    cd "$BATS_FILE_TMPDIR" || return
    # Large enough to be sent while it is being compressed.
    export BIG=$BATS_FILE_TMPDIR/big.tar
    NUMBERS=1500000 make_archive big.tar text acme/web:v1
}

setup() { name_image; }

manifest() { skopeo inspect --tls-verify=false --raw "docker://$1"; }

layer_digest() { tar -xOf "$BIG" a/layer.tar | sha256sum | cut -d' ' -f1; }

# skopeo unpacks the image, and its layers are those of the archive.
check_read() {
    skopeo copy -q --src-tls-verify=false --dest-decompress "docker://$1" dir:back
    [ "$(jq -r '.layers[0].digest' back/manifest.json)" = "sha256:$(layer_digest)" ]
    [ "$(sha256sum <"back/$(layer_digest)" | cut -d' ' -f1)" = "$(layer_digest)" ]
    rm -r back
}

# crane validates gzip only.
check_crane() { if command -v crane >/dev/null; then crane validate --remote "$1"; fi; }

@test "zstd: an OCI manifest, the same bytes each time, read by others" {
    slipway image push "docker-archive:$BIG" "$image" --compression zstd
    [ "$status" -eq 0 ]
    first=${output#*@}
    [ "$(manifest "$image" | jq -r .mediaType)" = application/vnd.oci.image.manifest.v1+json ]
    [ "$(manifest "$image" | jq -r '[.layers[].mediaType] | unique[0]')" = application/vnd.oci.image.layer.v1.tar+zstd ]
    check_read "$image"
    slipway image push "docker-archive:$BIG" "$REGISTRY/$repo-b:v1" --compression zstd --no-learn
    [ "${output#*@}" = "$first" ]
}

@test "none: an OCI manifest of unpacked layers" {
    slipway image push "docker-archive:$BIG" "$image" --compression none
    [ "$status" -eq 0 ]
    [ "$(manifest "$image" | jq -r '.layers[0].digest')" = "sha256:$(layer_digest)" ]
    [ "$(manifest "$image" | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar ]
    check_read "$image"
}

@test "levels of gzip, read by others" {
    for level in 0 1 2 3; do
        slipway image push "docker-archive:$BIG" "$REGISTRY/$repo-$level:v1" --compression-level "$level"
        [ "$status" -eq 0 ]
        [ "$(manifest "$REGISTRY/$repo-$level:v1" | jq -r .mediaType)" = application/vnd.docker.distribution.manifest.v2+json ]
        check_read "$REGISTRY/$repo-$level:v1"
        check_crane "$REGISTRY/$repo-$level:v1"
        sizes+=("$(manifest "$REGISTRY/$repo-$level:v1" | jq '.layers[0].size')")
    done
    [ "${sizes[3]}" -lt "${sizes[0]}" ]
}

@test "what is sent while it is compressed is what is sent afterwards" {
    slipway image push "docker-archive:$BIG" "$image"
    [ "$status" -eq 0 ]
    check_read "$image"
    check_crane "$image"
    slipway image push "docker-archive:$BIG" "$REGISTRY/$repo-b:v1" --no-learn
    [ "$status" -eq 0 ]
    [ "$(manifest "$image")" = "$(manifest "$REGISTRY/$repo-b:v1")" ]
}

# shellcheck disable=SC2154 # set by run
@test "levels that do not exist are refused before anything is done" {
    slipway image push docker-archive:nowhere.tar "$image" --compression zstd --compression-level 20
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == 'error: "20" is no level of zstd, which has 1 (fastest) to 19 (smallest)'* ]]
    slipway image push docker-archive:nowhere.tar "$image" --compression none --compression-level 1
    [ "$status" -eq 2 ]
    [[ $stderr == 'error: without compression there is no level; leave "1" out'* ]]
    slipway image push docker-archive:nowhere.tar "$image" --compression lz4
    [ "$status" -eq 2 ]
    slipway image push docker-archive:nowhere.tar "$image" --compression zstd --all-platforms
    [ "$status" -eq 2 ]
    [[ $stderr == "error: --all-platforms sends layers as they are; leave --compression and --compression-level out"* ]]
}
