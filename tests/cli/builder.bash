# shellcheck shell=bash
# Sourced by tests that build with a BuildKit of their own, beside every engine.

need_builder() {
    if [ -z "${SLIPWAY_BUILDX:-}" ] || [ -z "${SLIPWAY_BUILDKITD:-}" ]; then
        skip "SLIPWAY_BUILDX and SLIPWAY_BUILDKITD do not name these programs"
    fi
}

# start_builder FOLDER NAME REGISTRY: buildx knows it by this name; sets $builder to its process.
start_builder() {
    local folder=$PWD/$1
    mkdir "$folder"
    printf '[registry."%s"]\n  http = true\n' "$3" >"$folder/config"
    "$SLIPWAY_BUILDKITD" --config "$folder/config" --addr "unix://$folder/sock" --root "$folder/root" --oci-worker-snapshotter native \
        --oci-worker-net host --containerd-worker=false >"$folder/log" 2>&1 3>&- &
    # shellcheck disable=SC2034 # used by the files that source this one
    builder=$!
    "$SLIPWAY_BUILDX" create --driver remote --name "$2" "unix://$folder/sock"
    for _ in $(seq 100); do
        [ ! -S "$folder/sock" ] || return 0
        sleep 0.1
    done
    cat "$folder/log"
    return 1
}
