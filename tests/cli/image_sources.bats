#!/usr/bin/env bats
# Where images come from: what is read of the source, and what other programs' archives and layouts look like.

# shellcheck disable=SC2154 # run and setup set variables
load images

# What a pipeline of "docker save" would be: an archive and much padding, from a program that dies when nobody reads.
@test "standard input is read to its end, so that the program that writes it does not fail" {
    set -o pipefail
    (cat image.tar && head -c 3000000 /dev/zero) | "$SLIPWAY_PROGRAM" image push --quiet docker-archive:- "$image" >pushed
    [ "$(cat pushed)" = "$image@$(judge "$image")" ]
    (gzip <image.tar && head -c 3000000 /dev/zero) | "$SLIPWAY_PROGRAM" image push --quiet docker-archive:- "$image-b" >pushed
    [ "$(cat pushed)" = "$image-b@$(judge "$image")" ]
}

@test "an export is ended when all of the image has come" {
    reach_by_client
    touch engine/web:v1.endless
    config=$(echo image/[0-9a-f]*.json)
    jq -c --arg id "sha256:$(basename "$config" .json)" '{Id: $id, RootFS: {Layers: .rootfs.diff_ids}}' "$config" >engine/web:v1.json
    slipway image push docker-daemon:web:v1 "$image"
    [ "$status" -eq 0 ]
    [ "$output" = "$image@$(judge "$image")" ]
}

@test "a layer that the repository has is not sent when it comes through a pipe" {
    slipway image push docker-archive:image.tar "$image"
    first=$output
    slipway image push docker-archive:- "$REGISTRY/$repo:v2" --compression-level 3 --no-learn < <(cat image.tar)
    [ "${output#*@}" != "${first#*@}" ]
    slipway image push docker-archive:- "$REGISTRY/$repo:v3" --compression-level 2 --learn-from v1 < <(cat image.tar)
    [ "$status" -eq 0 ]
    [ "${output#*@}" = "${first#*@}" ]
    [[ $stderr == *"0 B sent"* ]]
}

@test "images without a name are picked by id or digest" {
    make_archive other.tar other acme/web:v2
    mkdir both && tar -C both -xf other.tar && mv both/manifest.json other.json
    mkdir second && tar -C second -xf image.tar && mv second/manifest.json image.json
    mv second/a both/c && mv second/b both/d && mv second/*.json both
    jq -s '[.[0][0], (.[1][0] | .Layers = ["c/layer.tar", "d/layer.tar"])] | map(.RepoTags = null)' \
        other.json image.json >both/manifest.json
    (cd both && tar -cf ../both.tar -- *)
    ids=$(jq -r '[.[].Config | "sha256:" + rtrimstr(".json")] | join(", ")' both/manifest.json)
    slipway image push docker-archive:both.tar "$image"
    [ "$status" -eq 2 ]
    [[ $stderr == *"the archive has 2 images; name one of them after the file: $ids"* ]]
    slipway image push "docker-archive:both.tar:${ids%,*}" "$image"
    [ "$status" -eq 0 ]
    slipway image push docker-archive:other.tar "$image-b"
    [ "${output#*@}" = "$(judge "$image")" ]

    skopeo copy -q docker-archive:image.tar oci:layout:one
    skopeo copy -q docker-archive:other.tar oci:layout:two
    jq '.manifests |= map(del(.annotations))' layout/index.json >index.json && mv index.json layout
    digests=$(jq -r '[.manifests[].digest | "linux/amd64 " + .] | join(", ")' layout/index.json)
    slipway image push oci:layout "$image"
    [ "$status" -eq 2 ]
    [[ $stderr == *"the layout has 2 images ($digests); pick one by name, by digest or with --platform"* ]]
    slipway image push "oci:layout:${digests##* }" "$image"
    [ "$status" -eq 0 ]
    [ "${output#*@}" = "${digests##* }" ]
    slipway image push "oci:layout:${digests##* }" "$image" --all-platforms
    [ "${output#*@}" = "${digests##* }" ]
    slipway image push "oci:layout:sha256:$(printf '1%.0s' {1..64})" "$image"
    [ "$status" -eq 2 ]
    [[ $stderr == *'is not in the layout; it has: sha256:'* ]]
}

@test "a source that is of another kind is told what it is" {
    skopeo copy -q docker-archive:image.tar oci:layout
    while IFS='|' read -r source message; do
        slipway image push "$source" "$image" < <(:)
        [ "$status" -eq 2 ]
        [[ $stderr == *"$message"* ]] || { echo "$source: $stderr"; return 1; }
    done <<'END'
docker-archive:layout|archive "layout": it is a folder; an archive is one file, and an OCI layout in a folder is oci:layout
oci:image.tar|layout "image.tar": it is no folder; an OCI layout in one file is oci-archive:image.tar
oci-archive:image.tar|archive "image.tar": the archive has no index.json; it is one of "docker save", which docker-archive:FILE reads
docker-archive:-|the archive on standard input: it is empty; did the program that writes it fail?
dir:layout|"dir:layout" is no image source; there are docker-daemon:NAME
END
}
