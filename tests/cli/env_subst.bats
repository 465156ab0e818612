#!/usr/bin/env bats
# slipway env subst: what is printed, byte for byte, and how it fails.

bats_require_minimum_version 1.5.0

setup() {
    export TAG=v1.22.333 BRANCH=feature/login EMPTY='' SPACES='  two  words '
    unset MISSING
    cd "$BATS_TEST_TMPDIR"
}

# Runs with stdout in the file "out" (byte for byte) and stderr in "err"; sets $status.
subst() {
    status=0
    "$SLIPWAY_PROGRAM" env subst "$@" >out 2>err || status=$?
}

# The output is exactly the argument.
prints() {
    printf '%s' "$1" | cmp - out
    [ "$status" -eq 0 ]
    [ ! -s err ]
}

fails() {
    [ "$status" -eq "$1" ]
    [ ! -s out ]
    [ "$(head -n 1 err)" = "error: $2" ]
}

@test "expands an operand and adds no new line" {
    subst 'x-${TAG%%.*}-${BRANCH//\//-}-${TAG:0:4}-${MISSING:-none}'
    prints 'x-v1-feature-login-v1.2-none'
}

# The clock may go on between the two programs that look at it.
@test "answers date as date itself does, and runs nothing" {
    mkdir bin
    printf '#!/bin/sh\n: >ran\n' >bin/date
    chmod 755 bin/date
    export TZ=Asia/Tokyo LC_ALL=C
    local words before after
    for words in '' ' -u' ' +%Y-%m-%dT%H:%M' ' -u +%Y%m%d-%j' ' "+%A, %d %B"'; do
        before=$(eval "date$words")
        PATH=$PWD/bin:$PATH subst "v-\$(date$words)"
        after=$(eval "date$words")
        [ "$status" -eq 0 ]
        [ "$(cat out)" = "v-$before" ] || [ "$(cat out)" = "v-$after" ]
    done
    [ ! -e ran ]
}

@test "expands standard input as it is, new lines and all" {
    subst <<<'{"tag": "$TAG"}'
    prints '{"tag": "v1.22.333"}
'
}

@test "prints nothing for nothing" {
    subst </dev/null
    prints ''
    subst ''
    prints ''
}

@test "takes the text from a variable" {
    TEXT='$BRANCH' subst --from TEXT
    prints 'feature/login'
}

@test "a variable's value is not expanded again" {
    TEXT='$(touch ran) `touch ran` ${TAG}' subst '$TEXT'
    prints '$(touch ran) `touch ran` ${TAG}'
    [ ! -e ran ]
}

@test "refuses commands and runs nothing" {
    subst '$(touch ran)'
    fails 2 'text: "$(touch ran)" is not run: text is never executed, and only date is answered, as in $(date +%F); run it in an earlier step: echo "export NAME='\''$(touch ran)'\''" >> "$BASH_ENV", and write ${NAME} here (\$ stands for a plain $)'
    subst '${MISSING:-`touch ran`}'
    [ "$status" -eq 2 ]
    [ ! -e ran ]
}

@test "an unset variable is an error that names it" {
    subst 'a-$MISSING'
    fails 2 'text: variable "MISSING" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${MISSING:-text}'
    subst --allow-unset 'a-$MISSING'
    prints 'a-'
}

@test "--from of an unset variable" {
    subst --from MISSING
    fails 2 '--from: variable "MISSING" is not set'
    subst --from MISSING --allow-unset
    prints ''
}

@test "--name looks a bare name up" {
    subst --name TAG
    prints 'v1.22.333'
    subst --name us-east-1
    prints 'us-east-1'
    subst TAG
    prints 'TAG'
}

@test "--words prints one word per line" {
    subst --words -- "--label 'a b' \$SPACES \"\$SPACES\" \$EMPTY ''"
    prints '--label
a b
two
words
  two  words 

'
}

@test "--words --null ends words with NUL" {
    subst --words --null "a 'b
c'"
    [ "$(od -An -c out | tr -d ' \n')" = 'a\0b\nc\0' ]
}

@test "--words refuses operators" {
    subst --words 'a; touch ran'
    fails 2 'text: ";" would be an operator of a shell, but text is never executed; put it in quotes if it is meant as it stands'
    [ ! -e ran ]
}

@test "wrong usage" {
    subst --from TAG text
    fails 2 'give either TEXT or --from, not both'
    subst --null text
    fails 2 '--null goes with --words'
    subst --name --words text
    fails 2 '--name and --words exclude each other'
    subst one two
    [ "$status" -eq 2 ]
}
