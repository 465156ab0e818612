#!/usr/bin/env bats
# slipway local execute: each rule of how CircleCI runs a job, on small compiled configurations.

setup() {
    mkdir -p "$BATS_TEST_TMPDIR/source" "$BATS_TEST_TMPDIR/tmp" "$BATS_TEST_TMPDIR/home"
    cd "$BATS_TEST_TMPDIR/source"
    export TMPDIR="$BATS_TEST_TMPDIR/tmp" HOME="$BATS_TEST_TMPDIR/home"
    export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a \
        GIT_COMMITTER_EMAIL=a@b GIT_CEILING_DIRECTORIES="$BATS_TEST_TMPDIR"
    unset BASH_ENV CIRCLE_SHA1 CIRCLE_BRANCH CIRCLE_TAG
}

# The steps of the job "build" come on standard input, as a YAML list; $JOB_KEYS goes before them.
job() {
    {
        echo 'version: 2'
        echo 'jobs:'
        echo '  build:'
        printf '%s' "${JOB_KEYS:-}"
        echo '    steps:'
        sed 's/^/    /'
    } >"$BATS_TEST_TMPDIR/config.yml"
}

execute() {
    status=0
    "$SLIPWAY_PROGRAM" local execute build --config "$BATS_TEST_TMPDIR/config.yml" "$@" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
}

passes() {
    cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    [ "$status" -eq 0 ]
    [ ! -s "$BATS_TEST_TMPDIR/err" ]
}

fails() {
    cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    [ "$status" -eq "$1" ]
    [ "$(grep '^error: ' "$BATS_TEST_TMPDIR/err")" = "error: $2" ]
}

# The output has this line.
says() {
    grep -qxF -- "$1" "$BATS_TEST_TMPDIR/out"
}

silent_about() {
    [ "$(grep -cF -- "$1" "$BATS_TEST_TMPDIR/out")" -eq 0 ]
}

# The result of a step in the table at the end.
result() {
    grep -qE "^  $2 +([0-9.]+ s)?  +$1\$" "$BATS_TEST_TMPDIR/out"
}

@test "a step runs under bash -eo pipefail, and the job passes" {
    job <<'YAML'
- run: echo one
- run:
    name: second
    command: |
      [ -n "$BASH_VERSION" ]
      case $- in *e*) echo "errexit" ;; esac
      case $SHELLOPTS in *pipefail*) echo "pipefail" ;; esac
YAML
    execute
    passes
    says '==> echo one'
    says 'one'
    says 'errexit'
    says 'pipefail'
    result 'second' ok
    [ "$(ls -A "$TMPDIR")" = "" ]
}

@test "the exit code is the failing command's own" {
    job <<'YAML'
- run: {name: fine, command: "true"}
- run: {name: rolled back, command: "exit 11"}
- run: {name: after, command: "echo after"}
YAML
    execute
    fails 11 'step "rolled back" of job "build" failed with exit code 11'
    grep -qxE '    failed with exit code 11 \([0-9.]+ s\)' "$BATS_TEST_TMPDIR/out"
    silent_about 'echo after'
    result fine ok
    result 'rolled back' failed
    result after skipped
}

@test "when: always and on_fail run after a failure, and the first failure decides" {
    job <<'YAML'
- run: {name: early, when: on_fail, command: "echo early"}
- run: {name: breaks, command: "exit 3"}
- run: {name: cleans, when: always, command: "echo cleaning; exit 4"}
- run: {name: reports, when: on_fail, command: "echo reporting"}
YAML
    execute
    fails 3 'step "breaks" of job "build" failed with exit code 3'
    result early skipped
    result cleans failed
    result reports ok
    says cleaning
    says reporting
}

@test "a failing step with when: always fails the job" {
    job <<'YAML'
- run: {name: always, when: always, command: "exit 5"}
YAML
    execute
    fails 5 'step "always" of job "build" failed with exit code 5'
}

@test "step halt ends the job, successfully, after the step" {
    job <<'YAML'
- run: {name: halts, command: "circleci-agent step halt; echo still here"}
- run: {name: later, command: "echo later"}
- run: {name: always, when: always, command: "echo always"}
YAML
    execute
    passes
    says 'still here'
    result later skipped
    result always skipped
}

@test "step halt does not save a job that has failed" {
    job <<'YAML'
- run: {name: breaks, command: "circleci step halt; exit 7"}
- run: {name: always, when: always, command: "echo always"}
YAML
    execute
    fails 7 'step "breaks" of job "build" failed with exit code 7'
    says always
}

@test "BASH_ENV is fresh and carries variables on" {
    job <<'YAML'
- run: echo 'export NEXT="a b"' >> "$BASH_ENV"; echo "now=${NEXT-unset}"
- run: echo "then=$NEXT"
YAML
    BASH_ENV=/nowhere execute
    passes
    says 'now=unset'
    says 'then=a b'
}

@test "the environment: job, step, booleans, and literal values" {
    JOB_KEYS='    environment:
    - A: job
    - B: job
    - YES: true
    - NO: false
    - NUMBER: 12
    - LITERAL: "$A ${B}"
'
    job <<'YAML'
- run:
    environment: {B: step, HERE: yes}
    command: echo "$A $B $YES $NO $NUMBER $LITERAL $HERE"
- run: echo "after $B ${HERE-gone}"
YAML
    execute --env A=option --env FROM_CALLER --env Q='x=y'
    fails 2 '--env: variable "FROM_CALLER" is not set'
    FROM_CALLER=c execute --env A=option --env FROM_CALLER
    passes
    says 'job step 1 0 12 $A ${B} 1'
    says 'after job gone'
}

@test "what CircleCI sets" {
    git init -q -b topic .
    echo x >f
    git add f
    git commit -qm one
    git remote add origin git@github.com:acme/web.git
    job <<'YAML'
- checkout
- run: |
    echo "$CI $CIRCLECI $CIRCLE_JOB $CIRCLE_BRANCH $CIRCLE_PROJECT_USERNAME/$CIRCLE_PROJECT_REPONAME"
    echo "$CIRCLE_SHA1"
    [ "$CIRCLE_WORKING_DIRECTORY" = "$PWD" ]
    echo "oidc=${CIRCLE_OIDC_TOKEN-unset} node=$CIRCLE_NODE_INDEX/$CIRCLE_NODE_TOTAL"
    echo "$CIRCLE_BUILD_NUM"
YAML
    CIRCLE_OIDC_TOKEN=stale execute
    passes
    says 'true true build topic acme/web'
    says "$(git rev-parse HEAD)"
    says 'oidc=unset node=0/1'
    execute --env CIRCLE_SHA1=a1b2c3 --env CIRCLE_BRANCH=other
    says 'a1b2c3'
    says 'true true build other acme/web'
}

@test "a tag takes the place of the branch" {
    git init -q -b topic .
    job <<<'- run: echo "branch=${CIRCLE_BRANCH-unset} tag=$CIRCLE_TAG"'
    execute --env CIRCLE_TAG=v1
    passes
    says 'branch=unset tag=v1'
}

@test "the primary container's environment is weaker than the job's" {
    JOB_KEYS='    docker:
    - image: a
      environment: {A: image, B: image}
    - image: b
      environment: {C: service}
    environment: {B: job}
'
    job <<<'- run: echo "$A $B ${C-unset}"'
    execute
    passes
    says 'image job unset'
}

@test "a stop ends the step, the background steps and the job" {
    job <<'YAML'
- run: {background: true, command: 'trap "touch $HOME/background-ended" EXIT; sleep 60'}
- run: {name: waits, command: 'touch "$HOME/ready"; sleep 60'}
- run: {name: always, when: always, command: "echo always"}
YAML
    "$SLIPWAY_PROGRAM" local execute build --config "$BATS_TEST_TMPDIR/config.yml" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
    pid=$!
    for _ in $(seq 200); do
        [ ! -e "$HOME/ready" ] || break
        sleep 0.02
    done
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 15 ]
    [ "$(cat "$BATS_TEST_TMPDIR/err")" = 'error: step "waits" of job "build": "/bin/bash" was stopped' ]
    silent_about always
    [ -e "$HOME/background-ended" ]
    [ "$(ls -A "$TMPDIR")" = "" ]
}

@test "checkout copies what git knows or does not ignore" {
    git init -q -b main .
    printf 'ignored\n' >.gitignore
    echo old >tracked
    echo gone >deleted
    mkdir sub
    echo deep >sub/deep
    ln -s tracked link
    git add .
    git commit -qm one
    rm deleted
    echo changed >tracked
    echo new >untracked
    echo no >ignored
    chmod 755 untracked
    job <<'YAML'
- checkout
- run: |
    cat tracked untracked sub/deep link
    [ ! -e ignored ] && [ ! -e deleted ] && [ -L link ] && [ -x untracked ]
    git status --short
    git rev-parse --abbrev-ref HEAD
YAML
    execute
    passes
    says changed
    says new
    says deep
    says ' M tracked'
    says ' D deleted'
    says '?? untracked'
    says main
    [ "$(git status --short | sort | tr -d '\n')" = ' D deleted M tracked?? untracked' ]
}

@test "checkout without git copies the folder, and --workdir keeps it" {
    echo x >f
    mkdir d
    echo y >d/g
    job <<'YAML'
- checkout
- run: cat f d/g; pwd
YAML
    execute --workdir "$BATS_TEST_TMPDIR/work"
    passes
    says x
    says y
    [ -f "$BATS_TEST_TMPDIR/work/d/g" ]
    execute --workdir "$BATS_TEST_TMPDIR/work"
    fails 1 'step "Checkout code" of job "build" failed with exit code 1'
    says "    error: \"$BATS_TEST_TMPDIR/work\" is neither empty nor a git repository: checkout does not write there"
    execute --workdir .
    passes
    says '    the job works in the source itself: nothing is copied'
}

@test "--checkout names another source, and path another place" {
    mkdir "$BATS_TEST_TMPDIR/other"
    echo from-other >"$BATS_TEST_TMPDIR/other/f"
    job <<'YAML'
- checkout: {path: src}
- run: cat src/f
- run: {name: inside, working_directory: src, command: cat f; pwd}
- run: {name: below project, working_directory: ~/project/src, command: pwd}
- run: {name: nowhere, working_directory: missing, command: pwd}
YAML
    execute --checkout "$BATS_TEST_TMPDIR/other" --workdir "$BATS_TEST_TMPDIR/work"
    fails 1 'step "nowhere" of job "build" failed with exit code 1'
    says from-other
    [ "$(grep -cxF "$BATS_TEST_TMPDIR/work/src" "$BATS_TEST_TMPDIR/out")" -eq 2 ]
    execute --checkout /does/not/exist
    fails 2 'the source folder "/does/not/exist" does not exist'
}

@test "secrets are masked in the output, even in pieces" {
    cat >"$BATS_TEST_TMPDIR/env" <<'ENV'
# a comment
export FIRST="hush hush"
SECOND='quiet=1'
SHORT=abc
ENV
    job <<'YAML'
- run: |
    echo "first=$FIRST second=$SECOND short=$SHORT"
    printf 'hush '; sleep 0.2; printf 'hush\n'
    echo "key=$AWS_SECRET_ACCESS_KEY name=$SECRET_KEY_VAR region=$AWS_REGION"
    printf 'ends with hus'
YAML
    AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI SECRET_KEY_VAR=MY_NAME execute \
        --env-file "$BATS_TEST_TMPDIR/env" --env AWS_REGION=eu-west-1
    passes
    says 'first=**** second=**** short=abc'
    says '****'
    says 'key=**** name=MY_NAME region=eu-west-1'
    says 'ends with hus'
    silent_about hush
    silent_about wJalr
}

@test "an environment file that is wrong" {
    printf 'A=1\nnonsense\n' >"$BATS_TEST_TMPDIR/env"
    job <<<'- run: echo never'
    execute --env-file "$BATS_TEST_TMPDIR/env"
    fails 2 "$BATS_TEST_TMPDIR/env:2: the line is not NAME=value"
    execute --env '1A=b'
    fails 2 '--env: "1A" cannot be a variable'"'"'s name'
}

@test "another shell runs the command" {
    JOB_KEYS='    shell: /bin/sh -e
'
    job <<'YAML'
- run: echo "sh ${BASH_VERSION-none}"
- run:
    name: python
    shell: python3
    command: |
      import os
      print("python", os.environ["CIRCLE_JOB"])
- run: {name: missing, shell: /no/such/shell, command: "true"}
YAML
    execute
    fails 1 'step "missing" of job "build" failed with exit code 1'
    says 'sh none'
    says 'python build'
    says '    error: cannot run "/no/such/shell": No such file or directory'
}

@test "a background step does not hold the job up and ends with it" {
    job <<'YAML'
- run: {name: server, background: true, command: 'trap "echo ended > $HOME/ended" EXIT; touch ready; sleep 60'}
- run: 'for i in $(seq 100); do [ -e ready ] && break; sleep 0.05; done; [ -e ready ]; echo ready'
YAML
    execute
    passes
    says ready
    result server background
    [ -e "$HOME/ended" ]
}

@test "a silent step is ended" {
    job <<'YAML'
- run: {name: stuck, no_output_timeout: 0.3s, command: "echo before; sleep 60"}
- store_artifacts: {path: x}
- run: {name: always, when: always, command: "echo always"}
YAML
    execute --timings "$BATS_TEST_TMPDIR/timings"
    fails 124 'step "stuck" of job "build" failed with exit code 124'
    says before
    says '    ended: no output for 0.3 s (no_output_timeout)'
    says always
    result 'Store artifacts' skipped
    grep -q '"name": "stuck", "seconds": 0.[0-9]*, "status": "timed out"' "$BATS_TEST_TMPDIR/timings"
}

@test "output keeps a step alive" {
    job <<'YAML'
- run: {no_output_timeout: 0.5s, command: "for i in 1 2 3 4 5 6 7; do sleep 0.1; echo $i; done"}
YAML
    execute
    passes
    says 7
}

@test "a step is run again when it may be" {
    job <<'YAML'
- run: {name: flaky, max_auto_reruns: 2, auto_rerun_delay: 0.01s, command: 'echo x >> tries; [ "$(wc -l < tries)" -eq 3 ]'}
- run: {name: hopeless, max_auto_reruns: 1, auto_rerun_delay: 0.01s, command: "exit 9"}
YAML
    execute
    fails 9 'step "hopeless" of job "build" failed with exit code 9'
    says '    exit code 1; running it again in 0.0 s (2 of 2)'
    result flaky ok
}

@test "workspaces go from job to job" {
    job <<'YAML'
- run: mkdir -p out/deep; echo a > out/a.txt; echo b > out/deep/b.txt; echo c > out/c.log
- persist_to_workspace: {root: out, paths: ["*.txt", deep]}
YAML
    execute --workspace "$BATS_TEST_TMPDIR/ws"
    passes
    says "    2 files to $BATS_TEST_TMPDIR/ws"
    [ ! -e "$BATS_TEST_TMPDIR/ws/c.log" ]
    job <<'YAML'
- attach_workspace: {at: here}
- run: cat here/a.txt here/deep/b.txt
YAML
    execute --workspace "$BATS_TEST_TMPDIR/ws"
    passes
    says a
    says b
    execute
    fails 1 'step "cat here/a.txt here/deep/b.txt" of job "build" failed with exit code 1'
    says '    nothing is attached: no workspace folder was given (--workspace)'
    job <<<'- persist_to_workspace: {root: ., paths: ["../*"]}'
    execute --workspace "$BATS_TEST_TMPDIR/ws"
    says '    error: the path "../*" does not stay below the root'
}

@test "artifacts and test results are kept, also of a job that failed" {
    job <<'YAML'
- run: mkdir reports; echo r > reports/r.xml; echo t > t.txt; exit 1
- store_artifacts: {path: t.txt, destination: texts/t.txt}
- store_test_results: {path: reports}
- store_artifacts: {path: missing}
YAML
    execute --artifacts "$BATS_TEST_TMPDIR/art"
    [ "$status" -eq 1 ]
    [ "$(cat "$BATS_TEST_TMPDIR/art/texts/t.txt")" = t ]
    [ "$(cat "$BATS_TEST_TMPDIR/art/test-results/reports/r.xml")" = r ]
    grep -q '^    there is nothing at .*/missing$' "$BATS_TEST_TMPDIR/out"
}

@test "steps without a local meaning say so" {
    job <<'YAML'
- setup_remote_docker: {version: default}
- restore_cache: {keys: [a]}
- save_cache: {key: a, paths: [x]}
- add_ssh_keys
YAML
    execute
    passes
    says '    the docker engine of this machine is used (DOCKER_HOST, or the default socket)'
    says '    no cache is found: a local run keeps none'
    says '    nothing is saved: a local run keeps no caches'
    says '    no keys are added: those of this machine are used'
}

@test "timings that cannot be written are found before the job starts" {
    job <<'YAML'
- run: {command: "echo ran"}
YAML
    execute --timings "$BATS_TEST_TMPDIR/gone/timings"
    fails 1 "--timings: cannot write \"$BATS_TEST_TMPDIR/gone/timings\": No such file or directory"
    silent_about ran
}

@test "an unknown step stops the job before it starts" {
    job <<'YAML'
- run: echo never
- frobnicate: {a: b}
YAML
    execute
    fails 2 'job "build", step 2: step "frobnicate" is not known to a local run; these are: run, deploy, checkout, persist_to_workspace, attach_workspace, store_artifacts, store_test_results, setup_remote_docker, save_cache, restore_cache, add_ssh_keys'
    [ ! -s "$BATS_TEST_TMPDIR/out" ]
}

@test "wrong steps and jobs" {
    job <<<'- run: {name: x}'
    execute
    fails 2 'job "build", step 1: a run step needs a command'
    job <<<'- run: {command: x, when: sometimes}'
    execute
    fails 2 'job "build", step 1: when is "sometimes"; it may be on_success, always or on_fail'
    job <<<'- run: {command: x, no_output_timeout: soon}'
    execute
    fails 2 'job "build", step 1: no_output_timeout "soon" is no duration; write a number with a unit: 30s, 10m, 1.5h'
    status=0
    "$SLIPWAY_PROGRAM" local execute deploy --config "$BATS_TEST_TMPDIR/config.yml" \
        2>"$BATS_TEST_TMPDIR/err" || status=$?
    fails 2 'there is no job "deploy" in the compiled configuration; it has: build'
    status=0
    "$SLIPWAY_PROGRAM" local execute deploy 2>"$BATS_TEST_TMPDIR/err" || status=$?
    fails 2 'there is no configuration ".circleci/config.yml"; name it with --config'
}

@test "circleci in steps: env subst, and what does not exist here" {
    job <<'YAML'
- run: |
    X=value
    export X
    echo "$(circleci env subst 'a-${X}-${UNSET}-${X:0:3}')"
    circleci run oidc get || echo "code $?"
YAML
    execute
    passes
    says 'a-value--val'
    says 'circleci: "run oidc get" does not exist in a local run; there are: env subst, step halt'
    says 'code 2'
}

@test "a configuration is compiled first, with the branch that the steps see" {
    git init -q -b topic .
    mkdir .circleci
    cat >.circleci/config.yml <<'YAML'
version: 2.1
parameters:
  loud: {type: boolean, default: false}
jobs:
  build:
    parameters:
      what: {type: string}
    machine: true
    steps:
      - run: {name: Say, command: "echo << parameters.what >> << pipeline.git.branch >> $CIRCLE_BRANCH"}
      - when:
          condition: << pipeline.parameters.loud >>
          steps: [run: {name: Shout, command: "echo LOUD"}]
workflows:
  w:
    jobs:
      - build: {name: first, what: hello}
YAML
    local_run() {
        status=0
        "$SLIPWAY_PROGRAM" local execute "$@" >"$BATS_TEST_TMPDIR/out" \
            2>"$BATS_TEST_TMPDIR/err" || status=$?
    }
    local_run first
    passes
    says 'hello topic topic'
    silent_about LOUD
    local_run first --pipeline-parameters '{"loud": true}' --env CIRCLE_BRANCH=other
    passes
    says 'hello other other'
    says LOUD
    local_run build
    fails 2 'there is no job "build" in the compiled configuration; it has: first'
}

@test "--skip leaves steps out by name" {
    job <<'YAML'
- run: {name: Install, command: "exit 1"}
- run: {name: Build, command: "echo built"}
YAML
    execute --skip Install --timings "$BATS_TEST_TMPDIR/timings"
    passes
    says built
    says '    skipped, as was asked for'
    execute --skip install
    fails 2 'job "build" has no step "install" to skip; it has: Install, Build'
    execute --skip Install --timings "$BATS_TEST_TMPDIR/timings"
    sed -i 's/0\.[0-9]*/T/' "$BATS_TEST_TMPDIR/timings"
    diff "$BATS_TEST_TMPDIR/timings" - <<'JSON'
[
  {"name": "Install", "seconds": T, "status": "skipped"},
  {"name": "Build", "seconds": T, "status": "ok"}
]
JSON
}

@test "executors are named, not started" {
    JOB_KEYS='    docker:
    - image: cimg/base:2024.01
    - image: postgres:16
'
    job <<<'- run: echo x'
    execute
    passes
    says 'its steps run on this machine, not in the image cimg/base:2024.01'
    says 'its service postgres:16 is not started'
    JOB_KEYS='    machine: {image: "ubuntu-2404:current"}
'
    job <<<'- run: echo x'
    execute
    says 'its steps run on this machine, not in a virtual machine of the image ubuntu-2404:current'
}

@test "the last line of a step without a new line does not swallow the next" {
    job <<'YAML'
- run: printf 'no newline'
YAML
    execute
    passes
    says 'no newline'
    result "printf 'no newline'" ok
}
