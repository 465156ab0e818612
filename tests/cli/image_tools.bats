#!/usr/bin/env bats
# Archives and layouts as other tools write them: buildah, podman, skopeo and crane, and buildx where SLIPWAY_BUILDX and
# SLIPWAY_BUILDKITD name it and its builder. What arrives is read back and unpacked.

bats_require_minimum_version 1.5.0
load registry
load builder

# A store of images of its own, in folders; nothing of the machine's is touched.
begin_store() {
    export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf CONTAINERS_STORAGE_CONF=$BATS_FILE_TMPDIR/storage.conf
    printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' >"$CONTAINERS_CONF"
    printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$BATS_FILE_TMPDIR/graph" "$BATS_FILE_TMPDIR/run" >"$CONTAINERS_STORAGE_CONF"
    printf '{"default": [{"type": "insecureAcceptAnything"}]}' >"$BATS_FILE_TMPDIR/policy.json"
}

# Three layers: one of a megabyte, one with links, one that removes a file.
build_context() {
    mkdir "$BATS_FILE_TMPDIR/context"
    cp "$(command -v busybox)" "$BATS_FILE_TMPDIR/context/busybox"
    cat >"$BATS_FILE_TMPDIR/context/Dockerfile" <<'END'
FROM scratch
COPY busybox /bin/busybox
ARG TEXT=one
RUN ["/bin/busybox", "sh", "-c", "cd /bin && ./busybox mkdir /d && ./busybox echo $TEXT >/d/a && ./busybox ln /d/a /d/b && ./busybox ln -s a /d/c"]
ENV A=b
RUN ["/bin/busybox", "rm", "/d/b"]
END
}

build() { buildah bud --quiet --isolation chroot --layers "$@" "$BATS_FILE_TMPDIR/context"; }

setup_file() {
    start_registry
    build_context
    begin_store
    command -v buildah >/dev/null || return 0
    # Some containers let nobody run anything in a container of its own.
    build --tag localhost/acme/web:one >"$BATS_FILE_TMPDIR/one" 2>"$BATS_FILE_TMPDIR/build.log" || return 0
    build --tag localhost/acme/web:docker --format docker --build-arg TEXT=docker >"$BATS_FILE_TMPDIR/docker-id"
    build --tag localhost/acme/web:arm --arch arm64 --build-arg TEXT=arm >"$BATS_FILE_TMPDIR/arm"
}

teardown_file() { stop_registry; }

setup() {
    cd "$BATS_TEST_TMPDIR"
    image=$REGISTRY/test-$BATS_TEST_NUMBER
}

teardown() { [ -z "${builder:-}" ] || kill "$builder"; }

need_buildah() {
    command -v buildah >/dev/null || skip "there is no buildah; tests/setup installs it"
    [ -s "$BATS_FILE_TMPDIR/one" ] || skip "buildah cannot build here: $(tail -n 1 "$BATS_FILE_TMPDIR/build.log")"
}

# The id of an image, which is the digest of its configuration.
id() { echo "sha256:$(cat "$BATS_FILE_TMPDIR/$1")"; }

from_store() { buildah push --quiet --signature-policy "$BATS_FILE_TMPDIR/policy.json" "$@" >/dev/null; }
podman() { command podman --log-level error "$@"; }
copy() { skopeo copy --quiet --policy "$BATS_FILE_TMPDIR/policy.json" "$@"; }

plain() {
    case $(head -c 4 "$1" | od -An -tx1) in
        ' 1f 8b'*) gzip -dc "$1" ;;
        ' 28 b5 2f fd') zstd -qdc "$1" ;;
        *) cat "$1" ;;
    esac
}

# arrived REF ID: the registry has an image of this id under the name, and every layer unpacks to what the configuration says.
arrived() {
    local config layer
    rm -rf back
    copy --src-tls-verify=false "docker://$1" dir:back
    config=$(jq -r .config.digest back/manifest.json)
    [ "$config" = "$2" ] || { echo "$1 has $config, not $2"; return 1; }
    [ "$(digest_of "back/${config#*:}")" = "${config#*:}" ]
    for layer in $(jq -r '.layers[].digest' back/manifest.json); do
        echo "sha256:$(plain "back/${layer#*:}" | sha256sum | cut -d' ' -f1)"
    done >unpacked
    jq -r '.rootfs.diff_ids[]' "back/${config#*:}" | diff - unpacked
    # crane does not unpack zstd.
    if command -v crane >/dev/null && [[ $(jq -r '.layers[].mediaType' back/manifest.json) != *zstd* ]]; then
        crane validate --remote "$1"
    fi
}

# pushes SOURCE ID [OPTION...]: as a new image; $digest is what it is called then.
pushes() {
    local source=$1 id=$2
    shift 2
    run --separate-stderr "$SLIPWAY_PROGRAM" image push "$source" "$image:v1" --no-learn "$@"
    [ "$status" -eq 0 ] || { echo "$source: $stderr"; return 1; }
    digest=${output#*@}
    [ "$digest" = "$(judge "$image:v1")" ]
    arrived "$image:v1" "$id"
}

@test "buildah's archives and layouts" {
    need_buildah
    for name in one docker-id arm; do
        tag=${name%-id}
        from_store "localhost/acme/web:$tag" "docker-archive:$tag.tar:acme/web:$tag"
        pushes "docker-archive:$tag.tar" "$(id "$name")"
        from_store --format oci "localhost/acme/web:one" "oci-archive:oci-$tag.tar:$tag"
        pushes "oci-archive:oci-$tag.tar" "$(id one)"
        from_store --format oci localhost/acme/web:one "oci:layout:$tag"
        pushes "oci:layout:$tag" "$(id one)"
        # A layout's image arrives as it is.
        [ "$digest" = "$(jq -r --arg name "$tag" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' layout/index.json)" ]
    done
}

@test "a list of buildah's" {
    need_buildah
    buildah manifest create both
    buildah manifest add both localhost/acme/web:one
    buildah manifest add both localhost/acme/web:arm
    buildah manifest push --quiet --signature-policy "$BATS_FILE_TMPDIR/policy.json" --all both oci:layout:list
    index=$(jq -r '.manifests[0].digest' layout/index.json)
    pushes oci:layout "$(id one)" --platform linux/amd64
    pushes oci:layout "$(id arm)" --platform linux/arm64
    run --separate-stderr "$SLIPWAY_PROGRAM" image push oci:layout "$image:all" --all-platforms
    [ "$status" -eq 0 ]
    [ "$output" = "$image:all@$index" ]
    skopeo inspect --tls-verify=false --raw "docker://$image:all" | cmp - "layout/blobs/sha256/${index#*:}"
    for child in $(jq -r '.manifests[].digest' "layout/blobs/sha256/${index#*:}"); do
        arrived "$image@$child" "$(jq -r .config.digest "layout/blobs/sha256/${child#*:}")"
    done
}

@test "podman's archives, with several images in one" {
    need_buildah
    command -v podman >/dev/null || skip "there is no podman; tests/setup installs it"
    podman save --quiet --format docker-archive --output image.tar localhost/acme/web:one
    pushes docker-archive:image.tar "$(id one)"
    podman save --quiet --format oci-archive --output oci.tar localhost/acme/web:one
    pushes oci-archive:oci.tar "$(id one)"
    podman save --quiet --format oci-dir --output layout localhost/acme/web:one
    pushes oci:layout "$(id one)"
    podman save --quiet --multi-image-archive --output several.tar localhost/acme/web:{one,arm,docker}
    pushes docker-archive:several.tar:localhost/acme/web:arm "$(id arm)"
    pushes docker-archive:several.tar:localhost/acme/web:docker "$(id docker-id)"
    pushes "docker-archive:several.tar:$(id one)" "$(id one)"
    zstd -q several.tar
    pushes docker-archive:several.tar.zst:localhost/acme/web:one "$(id one)"
    pushes docker-archive:- "$(id one)" < <(podman save --quiet localhost/acme/web:one)
    run --separate-stderr "$SLIPWAY_PROGRAM" image push docker-archive:several.tar "$image:v1"
    [ "$status" -eq 2 ]
    [[ $stderr == *"the archive has 3 images; name one of them after the file: localhost/acme/web:one, localhost/acme/web:arm, localhost/acme/web:docker"* ]]
    run --separate-stderr "$SLIPWAY_PROGRAM" image push docker-archive:several.tar:acme/web:one "$image:v1"
    [ "$status" -eq 2 ]
    [[ $stderr == *'image "acme/web:one" is not in the archive; it has: localhost/acme/web:one, '* ]]
}

@test "skopeo's archives and layouts, compressed in every way" {
    need_buildah
    from_store --format oci localhost/acme/web:one oci:layout:x
    copy oci:layout:x docker-archive:image.tar:acme/web:x
    pushes docker-archive:image.tar "$(id one)"
    copy oci:layout:x oci-archive:oci.tar:x
    pushes oci-archive:oci.tar "$(id one)"
    copy --dest-compress --dest-compress-format zstd oci:layout:x oci:zstd:x
    pushes oci:zstd "$(id one)"
    [ "$digest" = "$(jq -r '.manifests[0].digest' zstd/index.json)" ]
    copy --dest-decompress oci:layout:x dir:folder
    copy dir:folder oci:plain:x
    pushes oci:plain "$(id one)"
}

@test "a folder of podman's or skopeo's own kind is told from a layout" {
    need_buildah
    from_store localhost/acme/web:one dir:folder
    run --separate-stderr "$SLIPWAY_PROGRAM" image push oci:folder "$image:v1"
    [ "$status" -eq 2 ]
    [ "$stderr" = "error: layout \"folder\": this is no OCI layout but a folder of skopeo's dir: kind; make one with 'skopeo copy dir:folder oci:LAYOUT'" ]
}

@test "crane's archives and layouts" {
    command -v crane >/dev/null || skip "there is no crane; tests/setup installs it"
    make_archive image.tar crane acme/web:v1
    "$SLIPWAY_PROGRAM" image push --quiet docker-archive:image.tar "$image:from"
    ours=$(skopeo inspect --tls-verify=false --raw "docker://$image:from" | jq -r .config.digest)
    for form in tarball legacy; do
        crane pull --format "$form" "$image:from" "$form.tar"
        pushes "docker-archive:$form.tar" "$ours"
    done
    crane pull --format oci "$image:from" layout
    pushes oci:layout "$ours"
    [ "$digest" = "$(judge "$image:from")" ]
    echo text >added
    tar -cf added.tar added
    crane append --new_layer added.tar --base "$image:from" --new_tag acme/web:added --output appended.tar
    id=$(tar -xOf appended.tar manifest.json | jq -r '.[0].Config')
    pushes docker-archive:appended.tar "$id"
}

# writes OPTIONS [BUILD-OPTION...]: what buildx makes of the context, in the file or folder "out".
writes() {
    local to=$1
    shift
    rm -rf out
    "$SLIPWAY_BUILDX" build --builder judge --quiet --tag acme/web:built --output "$to,dest=out" "$@" "$BATS_FILE_TMPDIR/context" >/dev/null 2>build.log ||
        { cat build.log; return 1; }
}

in_layout() { if [ -d out ]; then cat "out/$1"; else tar -xOf out "$1"; fi; }

# The id of the image for linux/amd64 in "out".
built() {
    local digest
    digest=$(in_layout index.json | jq -r '.manifests[0].digest')
    if in_layout "blobs/sha256/${digest#*:}" | jq -e 'has("manifests")' >/dev/null; then
        digest=$(in_layout "blobs/sha256/${digest#*:}" | jq -r '.manifests[] | select(.platform.architecture == "amd64").digest')
    fi
    in_layout "blobs/sha256/${digest#*:}" | jq -r .config.digest
}

@test "buildx's archives and layouts, compressed in every way, of several platforms, with attestations" {
    need_builder
    export DOCKER_CONFIG=$PWD/docker BUILDX_CONFIG=$PWD/buildx
    cp -R "$BATS_FILE_TMPDIR/docker" docker
    start_builder builder judge "$REGISTRY"
    for form in type=docker type=oci{,',tar=false',',compression=estargz,force-compression=true',',oci-mediatypes=false'} \
        type={docker,oci},compression={zstd,uncompressed},force-compression=true; do
        case $form in type=docker*) kind=docker-archive ;; *tar=false*) kind=oci ;; *) kind=oci-archive ;; esac
        writes "$form" --provenance=false
        pushes "$kind:out" "$(built)"
        case $form in
            *uncompressed*) ;;
            *) [ "$digest" = "$(in_layout index.json | jq -r '.manifests[0].digest')" ] ;;
        esac
    done
    # What the image says of itself stays, also where its layers are compressed only now.
    for form in uncompressed zstd; do
        writes "type=oci,compression=$form,force-compression=true,annotation.org.acme.team=web" --provenance=false
        pushes oci-archive:out "$(built)"
        [ "$(jq -cS .annotations back/manifest.json)" = '{"org.acme.team":"web"}' ]
    done
    for form in tar=true tar=false; do
        case $form in *true) kind=oci-archive ;; *) kind=oci ;; esac
        writes "type=oci,$form" --provenance=mode=max --platform linux/amd64,linux/arm64
        pushes "$kind:out" "$(built)" --platform linux/amd64
        "$SLIPWAY_PROGRAM" image push --quiet "$kind:out" "$image:all" --all-platforms >pushed
        [ "$(cat pushed)" = "$image:all@$(in_layout index.json | jq -r '.manifests[0].digest')" ]
        skopeo inspect --tls-verify=false --raw "docker://$image:all" >index
        [ "$(jq -c '[.manifests[] | .annotations["vnd.docker.reference.type"]]' index)" = '[null,null,"attestation-manifest","attestation-manifest"]' ]
    done
}
