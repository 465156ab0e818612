#!/bin/sh
# usage: banned.sh ARCHIVE...
# Fails when an object of the given libraries calls a function that is easy to misuse and has a safe
# counterpart in src/base. Reads the symbol tables, so macros and headers hide nothing.
set -eu

banned='strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|strtok|gmtime|localtime|ctime|asctime'
banned="$banned|atoi|atol|atoll|atof|sscanf|vsscanf|gets|system|popen|mktemp|tmpnam|tempnam"
found=0
for archive in "$@"; do
    calls=$(nm -A -u "$archive" | sed 's/__isoc[0-9]*_//' |
        grep -E "[[:space:]]U _*($banned)(_chk)?(@.*)?\$" || true)
    if [ -n "$calls" ]; then
        printf '%s\n' "$calls"
        found=1
    fi
done
exit "$found"
