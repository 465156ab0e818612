#!/usr/bin/env bats
# slipway orb pack and orb validate: output, determinism, and mistakes with their place.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p src/commands src/jobs src/examples src/scripts
    printf 'version: 2.1\ndescription: Greets.\ndisplay:\n  source_url: https://github.com/acme/greeter\n' >src/@orb.yml
    cat >src/commands/greet.yml <<'END'
description: Greets somebody.
parameters:
  to:
    type: string
    description: who
steps:
  - run:
      name: Greet
      environment:
        TO: << parameters.to >>
      command: <<include(scripts/greet.sh)>>
END
    printf 'cat <<END\nHello $TO\nEND\n' >src/scripts/greet.sh
    cat >src/jobs/all.yml <<'END'
description: Greets all.
machine: true
steps:
  - greet:
      to: all
END
    cat >src/examples/use.yml <<'END'
description: Use it.
usage:
  version: 2.1
  orbs:
    greeter: acme/greeter@1.0
  workflows:
    w:
      jobs:
        - greeter/all
END
}

slipway() {
    status=0
    "$SLIPWAY_PROGRAM" "$@" >out 2>err || status=$?
}

@test "pack prints one document with sorted keys and included scripts" {
    slipway orb pack src
    [ "$status" -eq 0 ]
    [ ! -s err ]
    diff - out <<'END'
commands:
  greet:
    description: Greets somebody.
    parameters:
      to:
        description: who
        type: string
    steps:
    - run:
        command: |
          cat \<<END
          Hello $TO
          END
        environment:
          TO: << parameters.to >>
        name: Greet
description: Greets.
display:
  source_url: https://github.com/acme/greeter
examples:
  use:
    description: Use it.
    usage:
      orbs:
        greeter: acme/greeter@1.0
      version: 2.1
      workflows:
        w:
          jobs:
          - greeter/all
jobs:
  all:
    description: Greets all.
    machine: true
    steps:
    - greet:
        to: all
version: 2.1
END
}

@test "pack writes a file, the same bytes each time, or in the source's order" {
    slipway orb pack src --output-file one.yml
    [ "$status" -eq 0 ]
    [ ! -s out ]
    [ "$(cat err)" = "packed src into one.yml ($(stat -c %s one.yml) bytes)" ]
    cp -r src copy
    slipway orb pack copy -o two.yml --quiet
    [ ! -s err ]
    cmp one.yml two.yml
    slipway orb pack src --order source
    [ "$(sed -n '/^commands/,$p' out | sed -n 3p)" = "    description: Greets somebody." ]
    [ "$(head -n 1 out)" = "version: 2.1" ]
}

@test "pack refuses a folder without a root" {
    slipway orb pack src/commands
    [ "$status" -eq 2 ]
    [ ! -s out ]
    [ "$(head -n 1 err)" = 'error: src/commands: @orb.yml file not found, are you sure this is the Orb root?' ]
    slipway orb pack nowhere
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: "nowhere" is not a folder' ]
    slipway orb pack
    [ "$status" -eq 2 ]
}

@test "pack names the file and line of a missing include" {
    rm src/scripts/greet.sh
    slipway orb pack src
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: src/commands/greet.yml:11:16: could not read included file "scripts/greet.sh": no such file below "src"' ]
}

@test "validate accepts the folder, the packed file and standard input" {
    slipway orb validate src
    [ "$status" -eq 0 ]
    [ "$(cat out)" = 'Orb at "src" is valid.' ]
    [ ! -s err ]
    "$SLIPWAY_PROGRAM" orb pack src >packed.yml
    slipway orb validate packed.yml
    [ "$(cat out)" = 'Orb at "packed.yml" is valid.' ]
    slipway orb validate - <packed.yml
    [ "$status" -eq 0 ]
}

@test "this project's own orb is valid to the last warning" {
    slipway orb validate --strict "$SLIPWAY_SOURCE/orb"
    cat err
    [ "$status" -eq 0 ]
}

@test "validate finds mistakes in what nothing calls, at their place in the source" {
    sed -i 's/to: all/too: all/' src/jobs/all.yml
    sed -i 's/parameters.to >>/parameters.from >>/' src/commands/greet.yml
    slipway orb validate src
    [ "$status" -eq 2 ]
    [ ! -s out ]
    diff - err <<'END'
src/commands/greet.yml:10:13: Arguments referenced without declared parameters: parameters.from
  Error calling command: 'greet' (src/commands/greet.yml:1:1)
src/jobs/all.yml:5:7: Unexpected argument(s): too; did you mean "to"?; parameters are: to
  Error calling job: 'all' (src/jobs/all.yml:1:1)
  Error calling command: 'greet' (src/jobs/all.yml:4:5)
src/jobs/all.yml:4:5: Missing required argument(s): to
  Error calling job: 'all' (src/jobs/all.yml:1:1)
  Error calling command: 'greet' (src/jobs/all.yml:4:5)
error: orb "src" is not valid: 3 errors
END
}

@test "mistakes in examples and missing descriptions are warnings, with --strict failures" {
    sed -i 's/greeter\/all/greeter\/al/' src/examples/use.yml
    sed -i '/description: who/d' src/commands/greet.yml
    slipway orb validate src
    [ "$status" -eq 0 ]
    diff - err <<'END'
src/commands/greet.yml:3:3: warning: parameter "to" of command "greet" has no description
src/examples/use.yml:9:11: warning: Cannot find a definition for job named greeter/al; did you mean "all"?; jobs of orb "greeter": all
  Error calling example: 'use' (src/examples/use.yml:1:1)
  Error calling workflow: 'w' (src/examples/use.yml:7:5)
END
    slipway orb validate src --strict
    [ "$status" -eq 2 ]
    [ "$(tail -n 1 err)" = 'error: orb "src" has 2 warnings' ]
}

@test "validate wants a version and URLs" {
    printf 'description: x\ndisplay:\n  home_url: here\nsteps: []\n' >src/@orb.yml
    slipway orb validate src -q
    [ "$status" -eq 2 ]
    grep -q '^src/@orb.yml:4:1: extraneous key \[steps\] is not permitted in the orb' err
    grep -q 'orb version is required: version: 2.1' err
    grep -q '^src/@orb.yml:3:13: display.home_url must be a URL, found: "here" (type string)' err
}
