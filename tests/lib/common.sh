# shellcheck shell=bash
# Sourced by the test commands: where things are, and how they talk.

# shellcheck disable=SC2034 # used by the scripts that source this file
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi

say() { printf '%s\n' "$*"; }
heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '  %s%s%s\n' "$dim" "$*" "$plain"; }
good() { printf '  %s✓%s %s\n' "$green" "$plain" "$*"; }
die() {
    printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
    exit 1
}

# Runs a command quietly; its output is shown only when it fails.
quietly() {
    local log status
    log=$(mktemp)
    status=0
    "$@" >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        cat "$log" >&2
        rm -f "$log"
        die "\"$*\" failed with exit code $status (its output is above)"
    fi
    rm -f "$log"
}

# Seconds since the epoch with three decimals, and the time since such a moment as text.
now() { date +%s.%3N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", b - a }'; }

# The folder of a Python environment that satisfies tests/requirements.txt: "" when the python3 on
# PATH already does, else one kept in the user's cache.
python_env() {
    python3 "$root/tests/lib/pins.py" "$root/tests/requirements.txt" 2>/dev/null && return
    local sum
    sum=$(sha256sum "$root/tests/requirements.txt" | cut -c1-12)
    printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/slipway-tests/python-$sum"
}

# Puts the tools of the tests on PATH: the Python environment, and Go's programs.
use_tools() {
    local venv
    venv=$(python_env)
    [ -z "$venv" ] || PATH=$venv/bin:$PATH
    PATH=$PATH:/usr/local/go/bin:$HOME/go/bin:/usr/sbin:/sbin
    export PATH
}
