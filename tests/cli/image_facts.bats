#!/usr/bin/env bats
# Commands about images that are in a registry already: image tag, image exists, image inspect.

# shellcheck disable=SC2154 # run and setup set variables
load images

setup() {
    name_image
    make_archive image.tar "$BATS_TEST_NUMBER" acme/web:v1
    "$SLIPWAY_PROGRAM" image push --quiet docker-archive:image.tar "$image" >pushed
    digest=$(cut -d@ -f2 pushed)
}

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
        tags: [{tag: "v2", reference: $r, written: true, kept: false}]}')" ]
    slipway image tag "$image" v2 --output json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.tags[].written]' <<<"$output")" = "[false]" ]
    [ "$stderr" = "$REGISTRY/$repo:v2 is this image already" ]
}

@test "tag: what is there can stay" {
    put_index moved
    slipway image tag "$image" moved fresh --keep-existing
    [ "$status" -eq 0 ]
    [ "$output" = "$REGISTRY/$repo:fresh@$digest" ]
    [[ ${stderr_lines[0]} == "$REGISTRY/$repo:moved is there already, and stays sha256:"* ]]
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

# An image with everything that is shown, made by changing the configuration of image.tar.
make_rich_image() {
    mkdir rich && tar -C rich -xf image.tar
    (
        cd rich || exit
        old=$(echo [0-9a-f]*.json)
        jq -c '.created = "2024-05-06T07:08:09Z" | .config = {Env: ["PATH=/bin", "TOKEN=hunter2"],
            Entrypoint: ["/web"], Cmd: ["-v", "a b"], User: "web", WorkingDir: "/srv",
            ExposedPorts: {"80/tcp": {}}, Labels: {team: "blue\u001b[31m"}}
            | .history = [{created_by: "ARG KEY=hunter2"}]' "$old" >config
        new=$(digest_of config).json
        mv config "$new" && rm "$old" && sed -i "s/$old/$new/" manifest.json && tar -cf ../rich.tar -- *
    )
    "$SLIPWAY_PROGRAM" image push --quiet docker-archive:rich.tar "$REGISTRY/$repo:rich" >pushed
    digest=$(cut -d@ -f2 pushed)
}

@test "inspect: an image, without what is nobody's business" {
    make_rich_image
    slipway image inspect "$REGISTRY/$repo:rich"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/$repo:rich" >manifest.json
    [ "$(sed -E 's/ [0-9.]+ (B|kB|MB)/ SIZE/' <<<"$output")" = "reference     $REGISTRY/$repo:rich
digest        $digest
media type    application/vnd.docker.distribution.manifest.v2+json
platform      linux/amd64
created       2024-05-06T07:08:09Z
size          SIZE in 2 layers
layer         $(jq -r '.layers[0].digest' manifest.json)  SIZE
layer         $(jq -r '.layers[1].digest' manifest.json)  SIZE
user          web
folder        /srv
entrypoint    [\"/web\"]
cmd           [\"-v\",\"a b\"]
port          80/tcp
env           PATH
env           TOKEN
label         team=blue [31m" ]
    slipway image inspect "$REGISTRY/$repo:rich" --show-env --history
    [[ $output == *"
env           TOKEN=hunter2
"* ]]
    [[ $output == *"
history       no time  ARG KEY=hunter2" ]]
}

@test "inspect: json agrees with skopeo" {
    make_rich_image
    slipway image inspect "$REGISTRY/$repo:rich" --output json
    [ "$status" -eq 0 ]
    [[ $output != *hunter2* ]]
    skopeo inspect --tls-verify=false "docker://$REGISTRY/$repo:rich" >judge.json
    [ "$(jq -c '[.digest, .created, .platform, [.layers[].digest], .labels]' <<<"$output")" = \
        "$(jq -c '[.Digest, .Created, "\(.Os)/\(.Architecture)", .Layers, .Labels]' judge.json)" ]
    [ "$(jq -c '[.layers[].size]' <<<"$output")" = \
        "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/$repo:rich" | jq -c '[.layers[].size]')" ]
    [ "$(jq '.layers_size == ([.layers[].size] | add)' <<<"$output")" = true ]
}

@test "inspect: an index, one platform of it, and none" {
    put_index multi
    slipway image inspect "$REGISTRY/$repo:multi"
    [ "$status" -eq 0 ]
    [ "$output" = "reference     $REGISTRY/$repo:multi
digest        sha256:$(digest_of index.json)
media type    application/vnd.oci.image.index.v1+json
image         $digest  linux/amd64
image         $(jq -r '.manifests[1].digest' index.json)  linux/arm64" ]
    slipway image inspect "$REGISTRY/$repo:multi" --platform linux/amd64 --output json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.digest, .index.digest, .platform]' <<<"$output")" = \
        "[\"$digest\",\"sha256:$(digest_of index.json)\",\"linux/amd64\"]" ]
    slipway image inspect "$REGISTRY/$repo:multi" --platform linux/s390x
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [[ $stderr == *"the index has no image for linux/s390x; it has: linux/amd64, linux/arm64"* ]]
    DOCKER_CONFIG=$PWD slipway image inspect "$image"
    [ "$status" -eq 3 ]
}
