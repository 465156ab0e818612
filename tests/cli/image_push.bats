#!/usr/bin/env bats
# Pushing archives to a real registry (distribution) that wants a password. The judges are skopeo and, where it
# is installed, crane.

# shellcheck disable=SC2154 # run and setup set variables
load images

# stderr without the parts that differ from run to run.
# shellcheck disable=SC2154 # set by run
told() { sed -E 's/sha256:[0-9a-f]{12}/DIGEST/; s/[0-9.]+ s$/TIME/; s/[0-9.]+ (B|kB|MB)/SIZE/g' <<<"$stderr" | sort; }

@test "an archive is pushed and others read it" {
    slipway image push docker-archive:image.tar "$image"
    [ "$status" -eq 0 ]
    digest=$(judge "$image")
    [ "$output" = "$image@$digest" ]
    [ "$(told)" = "$(printf '%s\n' "SIZE sent, SIZE already there" "configuration DIGEST: sent, SIZE in TIME" \
        "layer DIGEST: sent, SIZE in TIME" "layer DIGEST: sent, SIZE in TIME" "pushed $image" | sort)" ]
    skopeo copy -q --src-tls-verify=false "docker://$image" dir:out
    [ "$(jq -r '.layers | length' out/manifest.json)" -eq 2 ]
    if command -v crane >/dev/null; then crane validate --remote "$image"; fi
}

@test "the same image again sends nothing and leaves the tag alone" {
    slipway image push docker-archive:image.tar "$image"
    first=$output
    slipway image push docker-archive:image.tar "$image"
    [ "$status" -eq 0 ]
    [ "$output" = "$first" ]
    [[ $stderr == *"$image is this image already"* ]]
    [[ $stderr == *"0 B sent"* ]]
}

@test "only what is new is sent, and json tells" {
    slipway image push docker-archive:image.tar "$image"
    make_archive second.tar other acme/web:v2
    slipway image push docker-archive:second.tar "$REGISTRY/$repo:v2" --output json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.layers[].sent]' <<<"$output")" = "[false,true]" ]
    [ "$(jq -r .digest <<<"$output")" = "$(judge "$REGISTRY/$repo:v2")" ]
    [ "$(jq -r '.references[0]' <<<"$output")" = "$REGISTRY/$repo:v2" ]
    [ "$(jq '.bytes_sent < 1000 and .bytes_skipped > 1000' <<<"$output")" = true ]
}

@test "layers of another repository are shared, and what is learned is checked on request" {
    slipway image push docker-archive:image.tar "$REGISTRY/$repo-base:latest"
    expected=${output#*@}
    slipway image push docker-archive:image.tar "$image" --mount-from "$repo-base" --verify-learned
    [ "$status" -eq 0 ]
    [ "$output" = "$image@$expected" ]
    [ "$(told)" = "$(printf '%s\n' "SIZE sent, SIZE mounted, SIZE already there" \
        "configuration DIGEST: mounted from $repo-base, SIZE" "layer DIGEST: mounted from $repo-base, SIZE" \
        "layer DIGEST: mounted from $repo-base, SIZE" "pushed $image" | sort)" ]
    # shellcheck disable=SC2154 # set by run
    [[ $stderr == *"0 B sent, "*" mounted, 0 B already there" ]]
    skopeo copy -q --src-tls-verify=false "docker://$image" dir:out
    make_archive second.tar other acme/web:v2
    slipway image push docker-archive:second.tar "$REGISTRY/$repo-c:v1" --no-learn --mount-from nothing \
        --mount-from "$repo-base" --output json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.layers[].sent]' <<<"$output")" = "[false,true]" ]
    [ "$(jq '.bytes_mounted > 1000 and .bytes_sent < 1000' <<<"$output")" = true ]
}

@test "several tags, a second repository and a digest file" {
    slipway image push docker-archive:image.tar --registry "$REGISTRY" --repo "$repo" --tag 'v1, latest,' \
        --ref "$REGISTRY/$repo-b:x" --digest-file digest
    [ "$status" -eq 0 ]
    [ "$(tags)" = "latest v1" ]
    [ "$(cat digest)" = "$(judge "$REGISTRY/$repo-b:x")" ]
    [ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "packed archives and standard input give the same image" {
    slipway image push docker-archive:image.tar "$image"
    expected=${output#*@}
    gzip -k image.tar
    zstd -q image.tar
    for file in image.tar.gz image.tar.zst; do
        slipway image push "docker-archive:$file" "$image"
        [ "$status" -eq 0 ]
        [ "${output#*@}" = "$expected" ]
    done
    run --separate-stderr "$SLIPWAY_PROGRAM" image push docker-archive:- "$image" <image.tar
    [ "$status" -eq 0 ]
    [ "${output#*@}" = "$expected" ]
}

@test "an archive made by skopeo, with its layers compressed, keeps its digest" {
    slipway image push docker-archive:image.tar "$image"
    skopeo copy -q --src-tls-verify=false --format oci "docker://$image" oci-archive:oci.tar:acme/web:v1
    slipway image push docker-archive:oci.tar "$REGISTRY/$repo:oci"
    [ "$status" -eq 0 ]
    tar -xf oci.tar index.json
    [ "${output#*@}" = "$(jq -r '.manifests[0].digest' index.json)" ]
    skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/$repo:oci" dir:out
}

@test "OCI layouts of skopeo and crane, in a folder and packed, keep their digest" {
    slipway image push docker-archive:image.tar "$image"
    skopeo copy -q --src-tls-verify=false --format oci "docker://$image" oci:layout:v1
    skopeo copy -q oci:layout:v1 oci-archive:layout.tar:v1
    expected=$(jq -r '.manifests[0].digest' layout/index.json)
    [[ $expected == sha256:* ]]
    echo '[{' >layout/manifest.json
    for source in oci:layout oci:layout:v1 oci-archive:layout.tar:v1; do
        slipway image push "$source" "$REGISTRY/$repo-b:oci"
        [ "$status" -eq 0 ]
        [ "$output" = "$REGISTRY/$repo-b:oci@$expected" ]
    done
    [ "$(judge "$REGISTRY/$repo-b:oci")" = "$expected" ]
    run --separate-stderr "$SLIPWAY_PROGRAM" image push oci-archive:- "$REGISTRY/$repo-c:oci" <layout.tar
    [ "$status" -eq 0 ]
    [ "${output#*@}" = "$expected" ]
    skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/$repo-c:oci" dir:out
    if command -v crane >/dev/null; then
        crane validate --remote "$REGISTRY/$repo-b:oci"
        crane pull --format=oci "$REGISTRY/$repo-b:oci" crane-layout
        slipway image push oci:crane-layout "$REGISTRY/$repo-d:v1"
        [ "$status" -eq 0 ]
        [ "${output#*@}" = "$expected" ]
    fi
}

@test "an OCI layout of several images, and one with a hole" {
    slipway image push docker-archive:image.tar "$image"
    make_archive other.tar other acme/web:other
    slipway image push docker-archive:other.tar "$REGISTRY/$repo:other"
    for tag in v1 other; do
        skopeo copy -q --src-tls-verify=false --format oci "docker://$REGISTRY/$repo:$tag" "oci:layout:$tag"
    done
    slipway image push oci:layout "$REGISTRY/$repo-b:x"
    [ "$status" -eq 2 ]
    [[ $stderr == *'layout "layout": the layout has 2 images (linux/amd64 v1, linux/amd64 other); pick one by name'* ]]
    slipway image push oci:layout:none "$REGISTRY/$repo-b:x"
    [ "$status" -eq 2 ]
    [[ $stderr == *'image "none" is not in the layout; it has: v1, other'* ]]
    slipway image push oci:layout:other "$REGISTRY/$repo-b:x"
    [ "$status" -eq 0 ]
    [ "${output#*@}" = "$(jq -r '.manifests[1].digest' layout/index.json)" ]
    manifest=$(jq -r '.manifests[0].digest' layout/index.json)
    layer=$(jq -r '.layers[1].digest' "layout/blobs/sha256/${manifest#*:}")
    rm "layout/blobs/sha256/${layer#*:}"
    slipway image push oci:layout:v1 "$REGISTRY/$repo-c:x"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == *"layer \"blobs/sha256/${layer#*:}\" is missing from the layout"* ]]
    slipway image digest "$REGISTRY/$repo-c:x"
    [ "$status" -eq 1 ]
}

@test "a cut archive is refused and no tag is written" {
    for size in 0 511 3000 700000 $(($(stat -c %s image.tar) - 10241)); do
        head -c "$size" image.tar >cut.tar
        slipway image push docker-archive:cut.tar "$image"
        [ "$status" -eq 2 ]
        [ -z "$output" ]
        [[ $stderr == *'error: archive "cut.tar": the '*'truncated'* ]]
    done
    [ -z "$(tags)" ]
}

@test "a layer that is not what the configuration says is refused and no tag is written" {
    mkdir x && tar -C x -xf image.tar && printf 'x' | dd of=x/b/layer.tar bs=1 seek=600 conv=notrunc status=none
    (cd x && tar -cf ../bad.tar -- *)
    slipway image push docker-archive:bad.tar "$image"
    [ "$status" -eq 2 ]
    [[ $stderr == *'the archive is damaged: layer "b/layer.tar" unpacks to sha256:'*'although the configuration says'* ]]
    [ -z "$(tags)" ]
}

@test "wrong names are refused before anything is sent" {
    while IFS='|' read -r words message; do
        # shellcheck disable=SC2086 # words
        slipway image push docker-archive:image.tar $words
        [ "$status" -eq 2 ]
        [ -z "$output" ]
        [[ $stderr == *"$message"* ]] || { echo "$words: $stderr"; return 1; }
    done <<END
$REGISTRY/$repo:a+b|tag "a+b" has '+' at position 2
$REGISTRY/Upper:x|repository "Upper" has 'U' at position 1; repository names are lower case
--registry $REGISTRY --repo $repo --tag a/b|--tag: tag "a/b" has '/' at position 2
--tag x|--tag needs --repo
$REGISTRY/$repo@sha256:0000000000000000000000000000000000000000000000000000000000000000|has a digest; an image is written to a tag
|nowhere to push to
END
    slipway image push docker-archive:nothing.tar "$image"
    [ "$status" -eq 2 ]
    [[ $stderr == *'cannot open archive "nothing.tar": '* ]]
    slipway image push docker-archive:image.tar:other:v9 "$image"
    [ "$status" -eq 2 ]
    [[ $stderr == *'image "other:v9" is not in the archive; it has: acme/web:v1'* ]]
}

@test "no login and a wrong login" {
    export DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
    mkdir "$DOCKER_CONFIG"
    slipway image push docker-archive:image.tar "$image"
    [ "$status" -eq 3 ]
    [[ $stderr == *"registry \"$REGISTRY\" asks for a login and no credentials for it were found"* ]]
    printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$(printf 'AWS:wrong-secret' | base64)" \
        >"$DOCKER_CONFIG/config.json"
    slipway image push docker-archive:image.tar "$image" --debug
    [ "$status" -eq 3 ]
    [[ $stderr == *"refused the login"* ]]
    [[ $stderr != *wrong-secret* ]]
    [ -z "$(tags)" ]
}

@test "nobody listens at the registry" {
    slipway image digest 127.0.0.1:1/app:v1
    [ "$status" -eq 4 ]
    [[ $stderr == *'onnection refused (gave up after 4 tries)'* ]]
}

@test "image digest" {
    slipway image push docker-archive:image.tar "$image"
    digest=${output#*@}
    slipway image digest "$image"
    [ "$status" -eq 0 ]
    [ "$output" = "$digest" ]
    slipway image digest "$image" --output json
    [ "$(jq -r '.digest, .media_type' <<<"$output")" = "$digest
application/vnd.docker.distribution.manifest.v2+json" ]
    slipway image digest "$REGISTRY/$repo:v2"
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [ "$stderr" = "error: image \"$REGISTRY/$repo:v2\" does not exist" ]
    slipway image digest docker-archive:image.tar
    [ "$status" -eq 2 ]
    [[ $stderr == *"'slipway image push' brings it there" ]]
}

# Where only the docker client knows the way (ssh, TLS, contexts), it connects: one connection serves all.
@test "an engine that only the docker client reaches" {
    reach_by_client
    mkdir temp
    export TMPDIR=$PWD/temp
    # The path of a socket has 107 bytes at most.
    long=$TMPDIR/$(printf 'long%.0s' {1..30})
    mkdir "$long"
    TMPDIR=$long slipway image push docker-daemon:web:v1 "$image-long"
    [ "$status" -eq 0 ]
    rmdir "$long"
    rm calls engine/asked
    slipway image push docker-daemon:web:v1 "$image"
    [ "$status" -eq 0 ]
    [ "$output" = "$image@$(judge "$image")" ]
    [ "$(cat calls)" = "system dial-stdio" ]
    [ "$(cat engine/asked)" = "json web:v1
history web:v1
get web:v1" ]
    slipway image push docker-daemon:gone:v1 "$image"
    [ "$status" -eq 1 ]
    [[ $stderr == *'image "gone:v1" is not in the Docker engine at ssh://remote-docker; build or pull it first'* ]]
    printf '#!/bin/sh\necho "error during connect: no route to host" >&2\nexit 1\n' >bin/docker
    slipway image push docker-daemon:web:v1 "$image"
    [ "$status" -eq 4 ]
    [[ $stderr == *"error: the Docker engine at ssh://remote-docker does not answer: error during connect: no route to host; is it running, and may this user use it?"* ]]
    rm bin/docker
    run --separate-stderr env PATH="$PWD/bin" "$SLIPWAY_PROGRAM" image push docker-daemon:web:v1 "$image"
    [ "$status" -eq 1 ]
    [[ $stderr == *'error: the Docker engine at ssh://remote-docker is reached with the docker client: cannot run "docker": No such file or directory' ]]
    [ -z "$(ls temp)" ]
}

@test "a digest file that cannot be written is found before the push" {
    slipway image push docker-archive:image.tar "$image" --digest-file gone/digest
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [ "$stderr" = 'error: --digest-file: cannot write "gone/digest": No such file or directory' ]
    [ -z "$(tags)" ]
}

@test "a TMPDIR that cannot be used is named" {
    python3 - "$SLIPWAY_SOURCE/tests/support" <<'END'
import random, sys
sys.path.insert(0, sys.argv[1])
import image_files
layers = [image_files.layer("noise", random.Random(1).randbytes(9_000_000))]
image_files.write_archive("noise.tar", image_files.config("amd64", layers), layers)
END
    # Layers for several registries are kept until all have them.
    run --separate-stderr env TMPDIR=/nonexistent "$SLIPWAY_PROGRAM" image push docker-archive:noise.tar "$image" \
        "$REGISTRY/$repo-b:v1"
    [ "$status" -eq 1 ]
    [ "$output" = '' ]
    [[ $stderr == *'cannot make a temporary file in "/nonexistent", which TMPDIR names: No such file or directory; set TMPDIR to a folder that exists and can be written (no tag was written)' ]]
    [ "$(tags)" = '' ]
    slipway image push docker-archive:noise.tar "$image" "$REGISTRY/$repo-b:v1"
    [ "$status" -eq 0 ]
}

@test "a file is not taken for an image of Docker Hub" {
    slipway image push image.tar "$image"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == 'error: "image.tar" is a file; say which kind of archive: docker-archive:image.tar or oci-archive:image.tar'* ]]
    [ -z "$(tags)" ]
}

@test "another program's source is not taken for a reference" {
    for source in containers-storage:web docker://web:v1 ocidir://layout; do
        slipway image push "$source" "$image"
        [ "$status" -eq 2 ]
        # shellcheck disable=SC2154 # set by run
        [ "${stderr_lines[0]}" = "error: \"$source\" is no image source; there are docker-daemon:NAME, \
docker-archive:FILE[:NAME], oci-archive:FILE[:NAME] and oci:DIR[:NAME]" ]
    done
}

@test "an interrupted push leaves no tag and can be repeated" {
    head -c 60000000 /dev/urandom >noise
    mkdir x && tar -C x -xf image.tar && tar -cf x/a/layer.tar noise
    sed -i "s/\"diff_ids\":\[\"sha256:[0-9a-f]*\"/\"diff_ids\":[\"sha256:$(digest_of x/a/layer.tar)\"/" x/*.json
    (cd x && new=$(sha256sum [0-9a-f]*.json | cut -d' ' -f1) && old=$(echo [0-9a-f]*.json) &&
        sed -i "s/$old/$new.json/" manifest.json && mv "$old" "$new.json" && tar -cf ../big.tar -- *)
    for delay in 0.02 0.05 0.1 0.2; do
        "$SLIPWAY_PROGRAM" image push docker-archive:big.tar "$image" >out 2>err 3>&- &
        pid=$!
        sleep "$delay"
        kill -INT "$pid" 2>/dev/null || break
        rc=0
        wait "$pid" || rc=$?
        if [ "$rc" -eq 0 ]; then break; fi
        [ -z "$(tags)" ]
        [ ! -s out ]
    done
    slipway image push docker-archive:big.tar "$image"
    [ "$status" -eq 0 ]
    judge "$image"
}
