#!/bin/sh
# Puts Amazon's ecs-cli on this machine; slipway itself does not need it.
set -eu
fail() {
    echo "error: $1" >&2
    exit "${2:-1}"
}
version=$(slipway env subst -- "$SLIPWAY_ECS_CLI_VERSION")
file=$(slipway env subst -- "$SLIPWAY_ECS_CLI_FILE")
case ${SLIPWAY_ECS_CLI_OVERRIDE:-} in
    1 | true) ;;
    *)
        if command -v ecs-cli >/dev/null 2>&1; then
            echo "ecs-cli is there: $(command -v ecs-cli)"
            exit 0
        fi
        ;;
esac
case $(uname -s)-$(uname -m) in
    Linux-x86_64) system=linux-amd64 ;;
    Darwin-x86_64) system=darwin-amd64 ;;
    *) fail "there is no ecs-cli for $(uname -s) on $(uname -m)" 2 ;;
esac
url=${SLIPWAY_ECS_CLI_URL:-https://amazon-ecs-cli.s3.amazonaws.com}/ecs-cli-$system-$version
work=$(mktemp)
trap 'rm -f "$work"' EXIT
if command -v curl >/dev/null 2>&1; then
    set -- curl --fail --silent --show-error --location --retry 2 --connect-timeout 20 --output "$work" "$url"
else
    set -- wget --no-verbose --tries=3 --timeout=20 -O "$work" "$url"
fi
"$@" || fail "cannot download $url; is there a network, and is version \"$version\" there?" 4
chmod 755 "$work"
sudo=''
[ -w "$(dirname "$file")" ] || sudo=$(command -v sudo) || fail "cannot write to $(dirname "$file"); set install_dir to a file in another folder"
$sudo cp "$work" "$file" && $sudo chmod 755 "$file"
echo "$file: $("$file" --version)"
