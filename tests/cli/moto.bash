# shellcheck shell=bash
# Sourced by bats files that need AWS: a moto_server of their own on a free port.

# start_server NAME PATTERN COMMAND...: runs the command in the background until stop_servers, and
# sets $server_line to its first line that matches the pattern.
start_server() {
    local name=$1 pattern=$2 fifo=$BATS_FILE_TMPDIR/$1.fifo
    shift 2
    mkfifo "$fifo"
    "$@" >"$fifo" 2>&1 3>&- 4>&- &
    echo $! >>"$BATS_FILE_TMPDIR/servers"
    exec 5<"$fifo"
    while read -r -t 60 -u 5 server_line; do
        if [[ $server_line =~ $pattern ]]; then
            cat <&5 >"$BATS_FILE_TMPDIR/$name.log" 3>&- 4>&- &
            exec 5<&-
            return 0
        fi
    done
    echo "$name did not start" >&2
    return 1
}

stop_servers() {
    local pid
    while read -r pid; do
        kill "$pid" 2>/dev/null || true
    done <"$BATS_FILE_TMPDIR/servers"
}

# Starts moto and points the AWS variables at it; skips the file when there is no moto.
start_moto() {
    : >"$BATS_FILE_TMPDIR/servers"
    command -v moto_server >/dev/null || skip "moto_server (PyPI: moto) is not installed"
    start_server moto 'Running on (http://[0-9.:]+)' moto_server -H 127.0.0.1 -p 0
    export AWS_ENDPOINT_URL=${BASH_REMATCH[1]}
    export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing-secret AWS_REGION=eu-west-1
    unset AWS_PROFILE AWS_SESSION_TOKEN AWS_DEFAULT_REGION AWS_CONFIG_FILE
}

# What moto's GetAuthorizationToken gives.
# shellcheck disable=SC2034 # used by the files that source this one
moto_password=123456789012-auth-token
