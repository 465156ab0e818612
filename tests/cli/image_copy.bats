#!/usr/bin/env bats
# Copying images between repositories and registries (distribution). The judges are skopeo and, where it is
# installed, crane.

# shellcheck disable=SC2154 # run and setup set variables
load images

setup() {
    name_image
    make_archive image.tar "$BATS_TEST_NUMBER" acme/web:v1
    slipway image push docker-archive:image.tar "$image"
    digest=${output#*@}
}

@test "names and platforms that are none are refused before any request" {
    while IFS='|' read -r words message; do
        # shellcheck disable=SC2086 # words
        slipway image $words --debug
        [ "$status" -eq 2 ]
        [[ $stderr == *"$message"* ]] || { echo "$words: $stderr"; return 1; }
        [[ $stderr != *HEAD* && $stderr != *GET* ]]
    done <<END
copy 127.0.0.1:1/a:v1 127.0.0.1:1/b --platform foo|--platform is OS/ARCH, as linux/arm64, not "foo"
inspect 127.0.0.1:1/a:v1 --platform arm64|--platform is OS/ARCH, as linux/arm64, not "arm64"
push oci:gone 127.0.0.1:1/a:v1 --platform linux/|--platform is OS/ARCH, as linux/arm64, not "linux/"
copy docker-daemon:b 127.0.0.1:1/b|"docker-daemon:" names an image of this machine, and one in a registry is wanted here; 'slipway image push' brings it there
copy 127.0.0.1:1/a:v1 oci:b|"oci:" names an image of this machine
copy docker://127.0.0.1:1/a:v1 127.0.0.1:1/b|write it without "docker://"
tag docker-archive:a.tar b|"docker-archive:" names an image of this machine
END
}

@test "an image is copied with its digest, and its layers are shared" {
    slipway image copy "$image" "$REGISTRY/$repo-b" "$REGISTRY/$repo-b:latest" --digest-file digest
    [ "$status" -eq 0 ]
    [ "$output" = "$REGISTRY/$repo-b:v1@$digest
$REGISTRY/$repo-b:latest@$digest" ]
    [ "$(cat digest)" = "$digest" ]
    [ "$(grep -c ": mounted from $repo, " <<<"$stderr")" -eq 3 ]
    # shellcheck disable=SC2154 # set by run
    [ "${stderr_lines[-1]%%, *}" = "0 B sent" ]
    [ "$(judge "$REGISTRY/$repo-b:latest")" = "$digest" ]
    skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/$repo-b:v1" dir:out
    if command -v crane >/dev/null; then crane validate --remote "$REGISTRY/$repo-b:v1"; fi
}

@test "again it sends nothing and leaves the tag alone" {
    slipway image copy "$image" "$REGISTRY/$repo-b:v1"
    slipway image copy "$image" "$REGISTRY/$repo-b:v1" --output json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.digest, .written, .bytes_sent, .bytes_mounted, .references[0]]' <<<"$output")" = \
        "[\"$digest\",[false],0,0,\"$REGISTRY/$repo-b:v1\"]" ]
    [[ $stderr == *"$REGISTRY/$repo-b:v1 is this image already"* ]]
}

@test "by digest, into another registry, as a stream" {
    # The same registry under another name is another registry to the program.
    other=localhost:${REGISTRY##*:}
    jq --arg h "$other" '.auths[$h] = .auths[]' "$DOCKER_CONFIG/config.json" >config.json
    DOCKER_CONFIG=$PWD
    slipway image copy "$REGISTRY/$repo@$digest" "$other/$repo-c:x" "$REGISTRY/$repo-d:x"
    [ "$status" -eq 0 ]
    [ "$(grep -c ": sent in $other/$repo-c, " <<<"$stderr")" -eq 3 ]
    [ "$(grep -c ": mounted from $repo in $REGISTRY/$repo-d, " <<<"$stderr")" -eq 3 ]
    [ "$(judge "$REGISTRY/$repo-c:x")" = "$digest" ]
    [ "$(judge "$REGISTRY/$repo-d:x")" = "$digest" ]
    skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/$repo-c:x" dir:out
}

@test "what cannot be copied is named and nothing is written" {
    while IFS='|' read -r code words message; do
        # shellcheck disable=SC2086 # words
        slipway image copy $words
        [ "$status" -eq "$code" ] || { echo "$words: $status $stderr"; return 1; }
        [ -z "$output" ]
        [[ $stderr == *"$message"* ]] || { echo "$words: $stderr"; return 1; }
    done <<END
1|$REGISTRY/$repo:none $REGISTRY/$repo-e:v1|cannot read manifest none in "$REGISTRY/$repo"
1|$image $REGISTRY/$repo-e:v1 --platform linux/s390x|the image is for linux/amd64, not for linux/s390x
2|$image $REGISTRY/$repo-e@$digest|has a digest; an image is written to a tag
2|$REGISTRY/$repo@$digest $REGISTRY/$repo-e|has no tag; give it one, as in "$REGISTRY/$repo-e:v1"
2|$image|SRC DST...
4|$image 127.0.0.1:1/x:v1|
END
    slipway image exists "$REGISTRY/$repo-e:v1"
    [ "$status" -eq 1 ]
}

@test "images of two platforms become one, and a copy of it is the same" {
    make_archive arm.tar "$BATS_TEST_NUMBER" acme/web:v1 arm64
    slipway image push docker-archive:arm.tar "$REGISTRY/$repo-arm:v1"
    slipway image index create "$REGISTRY/$repo-all:v1" "$REGISTRY/$repo-all" --manifest "$image" \
        --manifest "$REGISTRY/$repo-arm:v1" --digest-file digest
    [ "$status" -eq 0 ]
    index=$(cat digest)
    [ "$output" = "$REGISTRY/$repo-all:v1@$index
$REGISTRY/$repo-all:latest@$index" ]
    [ "$(judge "$REGISTRY/$repo-all:latest")" = "$index" ]
    [ "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/$repo-all:v1" |
        jq -c '[.mediaType, (.manifests[] | .platform.architecture)]')" = \
        '["application/vnd.docker.distribution.manifest.list.v2+json","amd64","arm64"]' ]
    slipway image copy "$REGISTRY/$repo-all:v1" "$REGISTRY/$repo-copy" --output json
    [ "$status" -eq 0 ]
    [ "$(jq -r .digest <<<"$output")" = "$index" ]
    [ "$(jq -r .bytes_sent <<<"$output")" = 0 ]
    for architecture in amd64 arm64; do
        skopeo copy -q --src-tls-verify=false --override-arch "$architecture" \
            "docker://$REGISTRY/$repo-copy:v1" "dir:out-$architecture"
    done
    if command -v crane >/dev/null; then crane validate --remote "$REGISTRY/$repo-copy:v1"; fi
    slipway image copy "$REGISTRY/$repo-all:v1" "$REGISTRY/$repo-one:v1" --platform linux/arm64
    [ "$status" -eq 0 ]
    [ "$(judge "$REGISTRY/$repo-one:v1")" = "$(judge "$REGISTRY/$repo-arm:v1")" ]
    slipway image index create "$REGISTRY/$repo-two:v1" --manifest "$image" --manifest "$REGISTRY/$repo-all:v1"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    # shellcheck disable=SC2154 # set by run
    [ "${stderr_lines[0]}" = "error: \"$image\" and \"$REGISTRY/$repo-all:v1\" both have an image for linux/amd64" ]
    slipway image index create "$REGISTRY/$repo-two:v1"
    [ "$status" -eq 2 ]
    [[ $stderr == *--manifest* ]]
}

@test "an image of two platforms is pushed from a layout, whole" {
    make_archive arm.tar "$BATS_TEST_NUMBER" acme/web:v1 arm64
    slipway image push docker-archive:arm.tar "$REGISTRY/$repo-arm:v1"
    slipway image index create "$REGISTRY/$repo-all:v1" --manifest "$image" --manifest "$REGISTRY/$repo-arm:v1"
    index=${output#*@}
    skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/$repo-all:v1" oci:layout:v1
    skopeo copy -q --all oci:layout:v1 oci-archive:layout.tar:v1
    expected=$(jq -r '.manifests[0].digest' layout/index.json)
    for source in oci:layout oci:layout:v1 oci-archive:layout.tar; do
        slipway image push "$source" --all-platforms "$REGISTRY/$repo-b:v1" "$REGISTRY/$repo-c:v1" --output json
        [ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
        [ "$(jq -r .digest <<<"$output")" = "$expected" ]
    done
    [ "$(jq -c '[.written, .bytes_sent]' <<<"$output")" = '[[false,false],0]' ]
    [ "$(judge "$REGISTRY/$repo-c:v1")" = "$expected" ]
    skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/$repo-b:v1" oci:back:v1
    diff -r layout/blobs back/blobs
    if command -v crane >/dev/null; then crane validate --remote "$REGISTRY/$repo-b:v1"; fi
    slipway image push oci:layout --all-platforms --platform linux/arm64 "$REGISTRY/$repo-d:v1"
    [ "$status" -eq 2 ]
    [[ $stderr == *"--all-platforms and --platform cannot go together"* ]]
    slipway image push oci:layout --platform linux/arm64 "$REGISTRY/$repo-d:v1"
    [ "$status" -eq 0 ]
    slipway image exists "$REGISTRY/$repo-d@$index"
    [ "$status" -eq 1 ]
}
