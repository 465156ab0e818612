#!/usr/bin/env bats
# The program itself: version, help, unknown commands, exit codes, where output goes.

setup() {
    out=$BATS_TEST_TMPDIR/out
    err=$BATS_TEST_TMPDIR/err
}

# Runs slipway; leaves its exit code in $code and its outputs in the files $out and $err.
slipway() {
    code=0
    "$SLIPWAY_PROGRAM" "$@" >"$out" 2>"$err" || code=$?
}

@test "--version prints the version and nothing else" {
    slipway --version
    [ "$code" -eq 0 ]
    grep -Eqx 'slipway [0-9]+\.[0-9]+\.[0-9]+' "$out"
    [ "$(wc -l <"$out")" -eq 1 ]
    [ ! -s "$err" ]
}

@test "version is the same in the other ways that people write it" {
    for word in -V version; do
        slipway "$word"
        [ "$code" -eq 0 ]
        grep -Eqx 'slipway [0-9]+\.[0-9]+\.[0-9]+' "$out"
    done
}

@test "without a command it explains itself on stderr and exits with 2" {
    slipway
    [ "$code" -eq 2 ]
    [ ! -s "$out" ]
    head -1 "$err" | grep -Fqx 'usage: slipway COMMAND [OPTIONS] [OPERANDS]'
}

@test "--help lists every command on stdout" {
    slipway --help
    [ "$code" -eq 0 ]
    [ ! -s "$err" ]
    grep -q '^  ecs deploy ' "$out"
    grep -q '^  image push ' "$out"
}

@test "an unknown command is named" {
    slipway frobnicate
    [ "$code" -eq 2 ]
    [ ! -s "$out" ]
    [ "$(cat "$err")" = "error: there is no command \"frobnicate\"; 'slipway help' lists them" ]
}

@test "the command that was probably meant is offered" {
    while IFS='|' read -r given meant; do
        # shellcheck disable=SC2086 # words
        slipway $given
        [ "$code" -eq 2 ]
        [[ $(cat "$err") == 'error: there is no command "'*'"; did you mean "'"$meant"'"?' ]] || { cat "$err"; return 1; }
    done <<'END'
deploy|ecs deploy
push web:1|image push
ecr lgoin|ecr login
ecss status|ecs status
images push x|image push
imgae indx create|image index create
ecs wiat --cluster c|ecs wait
END
    slipway validate # there are two
    [ "$(cat "$err")" = "error: there is no command \"validate\"; 'slipway help' lists them" ]
}

@test "an operand too many is named" {
    slipway ecs deploy web
    [ "$code" -eq 2 ]
    [ "$(sed -n 1p "$err")" = 'error: ecs deploy takes no operands, but got "web"' ]
    slipway image digest web:1 web:2
    [ "$(sed -n 1p "$err")" = 'error: image digest takes only REF, but got "web:2" as well' ]
}

@test "options of a long list stand under headings" {
    slipway ecs deploy --help
    [ "$(grep -x '[a-zA-Z][a-zA-Z, ]*:' "$out" | tr '\n' ' ')" = "options: where to start from: changes to the task definition: changes to the service: following the rollout, and reports: services that CodeDeploy deploys: AWS options: common options: examples: " ]
    slipway help ecs deploy --format man
    grep -Fqx '.SS changes to the task definition' "$out"
    slipway help ecs deploy --format markdown
    grep -Fqx '| changes to the task definition | |' "$out"
}

@test "help fits a narrow terminal" {
    command -v script >/dev/null || skip "script (util-linux) is not installed"
    script -qec "stty cols 70; '$SLIPWAY_PROGRAM' ecr login --help" /dev/null </dev/null | tr -d '\r' |
        sed '/^example/,$d' >"$out"
    grep -q '^AWS options:' "$out"
    [ "$(awk 'length > 70' "$out")" = "" ]
    "$SLIPWAY_PROGRAM" ecr login --help >"$out"
    [ "$(awk 'length > 70' "$out" | wc -l)" -gt 10 ]
}

@test "an option before the command is told where it belongs" {
    slipway --region eu-west-1 ecs status
    [ "$code" -eq 2 ]
    [ ! -s "$out" ]
    [ "$(cat "$err")" = 'error: unknown option "--region"; a command comes first, and its options behind it: slipway COMMAND --region' ]
}

@test "an unknown command of a family names the family" {
    slipway ecr frobnicate
    [ "$code" -eq 2 ]
    [[ $(cat "$err") == 'error: there is no command "ecr frobnicate"; there are: ecr create-repository, ecr get-login-password, ecr login'* ]]
}

@test "a usage error points at the command's help" {
    slipway env subst --zzzzzzzz
    [ "$code" -eq 2 ]
    [ "$(sed -n 1p "$err")" = 'error: unknown option "--zzzzzzzz"' ]
    [ "$(sed -n 2p "$err")" = "'slipway env subst --help' explains its options" ]
}

@test "a pull request from a fork is told why a variable is missing" {
    export CIRCLE_PR_NUMBER=7
    slipway env subst '$NOPE'
    [ "$code" -eq 2 ]
    [ "$(cat "$err")" = 'error: text: variable "NOPE" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${NOPE:-text}
this pull request comes from a fork: its jobs get no variables of the project and no contexts; run the job for branches of the project only' ]
    slipway env subst '$('
    [ "$code" -eq 2 ]
    [ "$(wc -l <"$err")" -eq 1 ]
}

@test "a result that cannot be written is a failure" {
    code=0
    "$SLIPWAY_PROGRAM" env subst hello >/dev/full 2>"$err" || code=$?
    [ "$code" -eq 1 ]
    [ "$(cat "$err")" = 'error: cannot write the result to standard output' ]
}

@test "a result that cannot be written is a failure, however long it is and whoever writes it" {
    for line in --version --help 'ecs deploy --help' 'ecr --help' 'help --format markdown'; do
        code=0
        # shellcheck disable=SC2086 # words
        "$SLIPWAY_PROGRAM" $line >/dev/full 2>"$err" || code=$?
        echo "$line: $code"
        [ "$code" -eq 1 ]
        [ "$(cat "$err")" = 'error: cannot write the result to standard output' ]
    done
}

@test "a reader that has seen enough hears no complaint" {
    code=0
    { "$SLIPWAY_PROGRAM" help --format markdown 2>"$err" || echo $? >"$BATS_TEST_TMPDIR/code"; } | head -n 1 >"$out"
    [ "$(cat "$out")" = '### Commands' ]
    [ "$(cat "$BATS_TEST_TMPDIR/code")" -eq 1 ]
    [ ! -s "$err" ]
}

@test "a file that cannot be written whole stays what it was" {
    local folder="$BATS_TEST_TMPDIR/files"
    mkdir "$folder"
    echo old >"$folder/packed"
    code=0
    (
        ulimit -f 1
        exec "$SLIPWAY_PROGRAM" orb pack "$SLIPWAY_SOURCE/orb" --output-file "$folder/packed"
    ) 2>"$err" || code=$?
    [ "$code" -eq 1 ]
    [ "$(cat "$err")" = "error: cannot write \"$folder/packed\": File too large" ]
    [ "$(cat "$folder/packed")" = old ]
    [ "$(ls "$folder")" = packed ]
}

@test "a result without a standard output is a failure, not lost in another file" {
    code=0
    "$SLIPWAY_PROGRAM" env subst hello >&- 2>"$err" || code=$?
    [ "$code" -eq 1 ]
    [ "$(cat "$err")" = 'error: cannot write the result to standard output' ]
    slipway orb pack "$SLIPWAY_SOURCE/orb"
    "$SLIPWAY_PROGRAM" orb pack "$SLIPWAY_SOURCE/orb" --output-file "$BATS_TEST_TMPDIR/packed" >&- 2>&-
    cmp "$out" "$BATS_TEST_TMPDIR/packed"
}

@test "a named file that is missing, or a folder, is wrong input for every command that reads one" {
    export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_REGION=eu-west-1 AWS_ENDPOINT_URL=http://127.0.0.1:1
    cd "$BATS_TEST_TMPDIR"
    mkdir folder
    local lines=('config process' 'config validate' 'ecr set-policy web' 'ecr set-lifecycle-policy web'
        'ecs render --file' 'ecs deploy --deploy-file' 'local execute build --env-file'
        'config process --pipeline-parameters')
    for line in "${lines[@]}"; do
        for named in gone folder; do
            # shellcheck disable=SC2086 # words
            slipway $line "$named"
            echo "$line $named: $code, $(cat "$err")"
            [ "$code" -eq 2 ]
            grep -Eq '^error: .*("gone": No such file or directory|"folder": Is a directory)$' "$err"
            [ ! -s "$out" ]
        done
    done
}

@test "texts for AWS are UTF-8, or refused before anything is asked" {
    export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_REGION=eu-west-1 AWS_ENDPOINT_URL=http://127.0.0.1:1
    wrong=$(printf 'w\303b')
    slipway ecs status --cluster prod --service "$wrong"
    [ "$code" -eq 2 ]
    [ "$(cat "$err")" = 'error: --service: the text is not UTF-8' ]
    slipway ecs run-task --cluster prod --task-definition web --env web:A=1 --env "web:B=$wrong"
    [ "$code" -eq 2 ]
    [ "$(cat "$err")" = 'error: --env: the text is not UTF-8' ]
    cd "$BATS_TEST_TMPDIR"
    echo '{"family": "web", "containerDefinitions": [{"name": "web", "image": "r/web:1", "memory": 64}]}' >"$wrong"
    slipway ecs render --file "$wrong"
    [ "$code" -eq 0 ]
}

@test "the overview lists the exit codes" {
    slipway help
    [ "$code" -eq 0 ]
    grep -qx '  3   credentials are missing, wrong or expired, or lack a right' "$out"
    grep -qx '  20  a check before the deployment blocks it' "$out"
}

@test "a family lists its commands" {
    slipway ecr --help
    [ "$code" -eq 0 ]
    [ ! -s "$err" ]
    [ "$(head -n 1 "$out")" = 'usage: slipway ecr COMMAND [OPTIONS] [OPERANDS]' ]
    grep -q '^  ecr login  *log docker in to Amazon ECR$' "$out"
    run grep -c '^  ecs' "$out"
    [ "$output" -eq 0 ]
    cp "$out" "$BATS_TEST_TMPDIR/family"
    slipway help ecr
    [ "$code" -eq 0 ]
    cmp "$BATS_TEST_TMPDIR/family" "$out"
    slipway ecr
    [ "$code" -eq 2 ]
    [ ! -s "$out" ]
    cmp "$BATS_TEST_TMPDIR/family" "$err"
    slipway frob --help
    [ "$code" -eq 2 ]
}
