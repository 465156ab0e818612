#!/usr/bin/env bats
# What a released program is: size, form, hardening, speed; and that arm64 runs.

bats_require_minimum_version 1.5.0

setup() {
    load release
    need_release
    cd "$BATS_TEST_TMPDIR"
    programs=$(program_of x86-64; program_of arm64)
}

@test "at most 4.5 MB, at most 2 MB to download" {
    for file in $programs; do
        [ "$(stat -c %s "$file")" -le 4500000 ]
        [ "$(stat -c %s "$file.gz")" -le 2000000 ]
        gzip -dc "$file.gz" | cmp - "$file"
    done
}

@test "static, position-independent, stripped" {
    for file in $programs; do
        readelf -hW "$file" | grep -q 'Type: *DYN'
        readelf -dW "$file" | grep -qE 'FLAGS_1.* PIE'
        run -1 grep -c 'INTERP' <(readelf -lW "$file")
        run -1 grep -cE 'NEEDED|RPATH|RUNPATH|TEXTREL' <(readelf -dW "$file")
        run -1 grep -cE '[.](symtab|strtab|debug|note)' <(readelf -SW "$file")
        # Nothing that a dynamic loader would have to find.
        run -1 grep -cE ' UND +[^ ]' <(readelf --dyn-syms -W "$file")
    done
}

@test "hardened: read-only relocations, all bound at the start, no executable stack, no writable code" {
    for file in $programs; do
        readelf -lW "$file" | grep -q GNU_RELRO
        readelf -dW "$file" | grep -qE 'FLAGS_1.* NOW'
        readelf -lW "$file" | grep -qE 'GNU_STACK.* RW +0x'
        [ "$(readelf -lW "$file" | grep -c LOAD)" -eq 4 ]
        # Code is in a segment of its own, which is neither written nor shared with data.
        [ "$(readelf -lW "$file" | grep -cE 'LOAD.* R E 0x')" -eq 1 ]
        run -1 grep -cE 'LOAD.* (RWE|WE|W) +0x' <(readelf -lW "$file")
    done
}

# Kernels of arm64 may have pages of 64 KiB: code and data must not meet in one.
@test "the arm64 program can be mapped where pages are large" {
    arm=$(program_of arm64)
    [ -n "$arm" ] || skip "the release has no program for arm64"
    run -1 grep -vE ' 0x[0-9a-f]*0000$' <(readelf -lW "$arm" | grep LOAD)
}

# Every function that has an array on its stack compares a canary before it returns. On x86-64 it is in the thread's own
# memory; on arm64 a function is called in the other case that does nothing but crash, and it is the most called of such.
@test "the stack is protected" {
    for file in $programs; do
        case $file in
            *x86-64)
                objdump=$(command -v objdump x86_64-linux-gnu-objdump | head -n 1)
                count() { grep -c '%fs:0x28' || true; }
                ;;
            *)
                objdump=$(command -v aarch64-linux-gnu-objdump || true)
                [ -n "$objdump" ] || [ "$(uname -m)" != aarch64 ] || objdump=$(command -v objdump)
                count() { calls_of_crash; }
                ;;
        esac
        [ -n "$objdump" ] || skip "there is no objdump for ${file##*-}"
        found=$("$objdump" -d "$file" | count)
        echo "$file: $found"
        [ "$found" -ge 1000 ]
    done
}

# How often the function is called that writes to address 0, of disassembled arm64 code.
calls_of_crash() {
    awk '
        length($2) == 8 && $2 ~ /^[0-9a-f]+$/ {
            address = "0x" $1
            sub(/:$/, "", address)
            if ($3 == "bl") calls[$4]++
            if (last == "mov x0, #0x0" && $3 == "strb" && $4 == "wzr," && $5 == "[x0]") crash[before]
            before = address
            last = $3 " " $4 " " $5
        }
        END { for (target in crash) if (calls[target] > most) most = calls[target]; print most + 0 }
    '
}

# What a path in a program may be: the places of certificates, settings, devices, secrets of a build and tools, and of what
# OpenSSL and musl would look for. Anything else would be a folder of the machine it was built on.
known_paths='^/(etc|dev|proc|run/secrets)/|^(/usr)?/share/zoneinfo/|^/usr/local/lib/(engines-3|ossl-modules)$|^/usr/local/bin:|^/bin/(ba)?sh$|^/var/(run/(docker[.]sock|nscd/socket)|lib/ca-certificates/ca-bundle[.]pem)$'

@test "says nothing of the machine it was built on" {
    for file in $programs; do
        # One such path is an example in a command's help.
        grep -aoE '/(root|home|tmp|work|builds?|project|workspace)/[a-zA-Z0-9_.-]+' "$file" | grep -vx /tmp/build >unknown || true
        [ ! -s unknown ] || { cat unknown; return 1; }
        run -1 grep -aF "$SLIPWAY_SOURCE" "$file"
        # Two components or more of lower-case names, as folders are called.
        strings -n 8 "$file" | grep -oE '^/[a-z][a-z0-9._-]+/[a-z][^ ]*' | grep -vE "$known_paths" | grep -vE '^/(latest|v2|repos|api|schedules)/' >unknown || true
        [ ! -s unknown ] || { cat unknown; return 1; }
    done
}

@test "starts in 5 ms" {
    # The fastest of twenty: what else the machine does is not asked.
    best=1000000
    for _ in $(seq 20); do
        start=$(date +%s%N)
        "$program" --version >/dev/null
        took=$((($(date +%s%N) - start) / 1000))
        [ "$took" -ge "$best" ] || best=$took
    done
    echo "best of 20, with the shell's fork: $best microseconds"
    [ "$best" -le 5000 ]
}

@test "the arm64 program runs" {
    arm=$(program_of arm64)
    [ -n "$arm" ] || skip "the release has no program for arm64"
    emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || [ "$(uname -m)" = aarch64 ] ||
        skip "qemu-aarch64 is not installed"
    mkdir orb
    printf 'version: 2.1\ndescription: Nothing much.\n' >orb/@orb.yml
    [ "$($emulator "$arm" --version)" = "$("$program" --version)" ]
    diff <($emulator "$arm" orb pack orb) <("$program" orb pack orb)
    printf 'a layer\n' >file
    [ "$(A=b $emulator "$arm" env subst 'x${A}y')" = xby ]
}

@test "two builds give the same bytes" {
    [ -n "${SLIPWAY_RELEASE_AGAIN:-}" ] || skip "SLIPWAY_RELEASE_AGAIN does not name a folder with a second release"
    diff "$release/SHA256SUMS" "$SLIPWAY_RELEASE_AGAIN/SHA256SUMS"
}

@test "the list of what is inside is true and passes the schema of CycloneDX" {
    check=$SLIPWAY_SOURCE/tests/orb/check_sbom.py
    for bom in "$release"/slipway-*.cdx.json; do
        python3 "$check" "$bom" "$SLIPWAY_SOURCE/.circleci/release/sources.txt"
        python3 "$check" --schema "$bom" || [ $? -eq 77 ]
        for file in $programs; do
            [ "$(jq -r --arg name "${file##*/}" '.metadata.component.components[] | select(.name == $name).hashes[0].content' "$bom")" = \
                "$(sha256sum "$file" | cut -d' ' -f1)" ]
        done
    done
}
