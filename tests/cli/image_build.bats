#!/usr/bin/env bats
# slipway image build: what docker is asked, word for word, and how it fails before and after.

setup() {
    mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work"
    echo 'FROM scratch' >Dockerfile
    unset DOCKER_BUILDKIT BUILDX_NO_DEFAULT_ATTESTATIONS DOCKER_HOST
    export DOCKER_LOG="$BATS_TEST_TMPDIR/argv" DOCKER_ENV="$BATS_TEST_TMPDIR/env"
    export STUB_CLIENT=28.2.2 STUB_SERVER=28.2.2 STUB_BUILDX=1 STUB_BUILD=0
    cat >"$BATS_TEST_TMPDIR/bin/docker" <<'STUB'
#!/bin/sh
case $1 in
version)
    echo version >>"$DOCKER_LOG.version"
    if [ -z "$STUB_SERVER" ]; then
        echo "$STUB_CLIENT "
        echo "$STUB_SAYS" >&2
        exit 1
    fi
    echo "$STUB_CLIENT $STUB_SERVER"
    exit 0
    ;;
buildx)
    [ "$2" != version ] || exit "$STUB_BUILDX"
    ;;
esac
printf '%s\n' "$@" >"$DOCKER_LOG"
env | sort >"$DOCKER_ENV"
echo "docker's output"
echo "docker's words" >&2
exit "$STUB_BUILD"
STUB
    chmod +x "$BATS_TEST_TMPDIR/bin/docker"
    PATH="$BATS_TEST_TMPDIR/bin:$PATH"
}

build() {
    status=0
    "$SLIPWAY_PROGRAM" image build "$@" >out 2>err || status=$?
}

# docker was given exactly these words.
asked() {
    printf '%s\n' "$@" | diff - "$DOCKER_LOG"
    [ "$status" -eq 0 ]
}

not_run() {
    [ ! -e "$DOCKER_LOG" ]
}

fails() {
    [ "$status" -eq "$1" ]
    [ "$(grep '^error: ' err)" = "error: $2" ]
}

@test "docker gets its words as they are, and its output passes through" {
    build --registry 127.0.0.1:5000 --repo team/web --tag v1,latest --tag 'v2, latest' \
        --build-arg 'A=b $(touch ran) "c"' --build-arg HOME
    asked build -f Dockerfile -t 127.0.0.1:5000/team/web:v1 -t 127.0.0.1:5000/team/web:latest \
        -t 127.0.0.1:5000/team/web:v2 --build-arg 'A=b $(touch ran) "c"' --build-arg HOME .
    [ "$(cat out)" = "docker's output" ]
    diff err - <<'EOF2'
docker build -f Dockerfile -t 127.0.0.1:5000/team/web:v1 -t 127.0.0.1:5000/team/web:latest -t 127.0.0.1:5000/team/web:v2 --build-arg A=**** --build-arg HOME .
docker's words
EOF2
    [ ! -e ran ]
}

@test "attestations are off unless the caller decides" {
    build --repo web
    asked build -f Dockerfile -t web:latest .
    grep -qx BUILDX_NO_DEFAULT_ATTESTATIONS=1 "$DOCKER_ENV"
    BUILDX_NO_DEFAULT_ATTESTATIONS=0 build --repo web
    grep -qx BUILDX_NO_DEFAULT_ATTESTATIONS=0 "$DOCKER_ENV"
}

@test "parameters of an orb are expanded, not executed" {
    export HOST=123456789012.dkr.ecr.us-east-1.amazonaws.com SHA=a1b2c3d4e5 LABEL='two words'
    build --expand --registry HOST --repo nginx --tag '${SHA:0:7}' --dockerfile Dockerfile \
        --path . --extra-args "--label a=\$LABEL --label \"b=\$LABEL\" --label 'c=\$LABEL'"
    asked build -f Dockerfile -t "$HOST/nginx:a1b2c3d" --label a=two words --label 'b=two words' \
        --label 'c=$LABEL' .
    build --expand --repo nginx --extra-args '$(touch ran)'
    [ "$status" -eq 2 ]
    [ ! -e ran ]
}

@test "flags behind the Dockerfile's name still work" {
    export KEY='some value'
    build --expand --repo web --dockerfile 'Dockerfile --build-arg KEY="$KEY"'
    asked build -f Dockerfile -t web:latest --build-arg 'KEY=some value' .
    [ "$(head -n 1 err)" = 'docker build -f Dockerfile -t web:latest --build-arg KEY=**** .' ]
}

@test "Dockerfile and context are meant from the working directory on" {
    mkdir -p app
    echo 'FROM scratch' >app/Dockerfile
    build --repo web --dockerfile app/Dockerfile --path app --target t --platform linux/arm64 --no-cache
    asked build -f app/Dockerfile -t web:latest --platform linux/arm64 --target t --no-cache app
}

@test "a missing Dockerfile or context is said before docker runs" {
    mkdir -p app
    echo 'FROM scratch' >app/Dockerfile
    build --repo web --dockerfile docker/Dockerfile
    fails 2 'the Dockerfile "docker/Dockerfile" does not exist; there are: Dockerfile, app/Dockerfile'
    build --repo web --path nowhere
    fails 2 'the build context "nowhere" does not exist'
    not_run
}

@test "illegal names are said before docker runs" {
    build --repo web --tag 'feature/x'
    [ "$status" -eq 2 ]
    grep -q '^error: --tag: tag "feature/x" has .*/.* at position 8' err
    build --repo Web
    [ "$status" -eq 2 ]
    grep -q '^error: --repo: .*"Web"' err
    build --registry https://example.com --repo web
    fails 2 '--registry: "https://example.com" is an address; give the host alone, without "https://"'
    build --registry example.com/team --repo web
    fails 2 '--registry: "example.com/team" has a path; give the host alone and put the path in front of the name in --repo'
    build --repo web --tag ''
    fails 2 '--tag is empty: is the variable that it is made of set?'
    build --tag v1
    fails 2 '--tag needs --repo'
    build
    fails 2 'no name for the image: give --repo (with --registry and --tag), or --ref'
    not_run
}

@test "a failing build" {
    STUB_BUILD=17 build --repo web
    fails 1 'docker build failed with exit code 17; the lines of docker above say why'
    [ "$(tail -n 2 err | head -n 1)" = "docker's words" ]
}

@test "the engine is asked when a build failed, or BuildKit is looked for; else nothing runs but the build" {
    build --repo web
    [ ! -e "$DOCKER_LOG.version" ]
    STUB_BUILD=1 build --repo web
    [ "$(cat "$DOCKER_LOG.version")" = version ]
    DOCKER_BUILDKIT=1 build --repo web
    [ "$(grep -c version "$DOCKER_LOG.version")" -eq 2 ]
}

@test "an engine that does not answer" {
    export STUB_BUILD=1 STUB_SERVER='' STUB_SAYS='Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?'
    DOCKER_HOST=unix:///x build --repo web
    fails 4 "the docker engine does not answer at \"unix:///x\"; in a job with a docker executor put the step setup_remote_docker before this one, or use a machine executor; elsewhere start the engine or set DOCKER_HOST (docker: $STUB_SAYS)"
    build --repo web
    grep -q 'at "unix:///var/run/docker.sock"' err
    STUB_SAYS='permission denied while trying to connect' build --repo web
    fails 3 'no permission to use the docker engine at "unix:///var/run/docker.sock"; run as a member of the group docker, or as root (docker: permission denied while trying to connect)'
    rm "$DOCKER_LOG"
    TOKEN=x build --repo web --secret TOKEN
    [ "$status" -eq 4 ]
    not_run
}

@test "a client without a server, as podman is, will do" {
    STUB_CLIENT=4.9.3 STUB_SERVER=' ' build --repo web
    asked build -f Dockerfile -t web:latest .
}

@test "no docker client" {
    status=0
    PATH="$BATS_TEST_TMPDIR/empty" "$SLIPWAY_PROGRAM" image build --repo web >out 2>err || status=$?
    fails 1 'there is no docker client on PATH; use an executor that has one (a machine executor, or an image like cimg/base), or install docker-ce-cli'
}

@test "what needs BuildKit goes to buildx" {
    touch .npmrc
    STUB_BUILDX=0 build --repo web --secret id=npm,src=.npmrc
    asked buildx build --load -f Dockerfile -t web:latest --secret id=npm,src=.npmrc .
    rm "$DOCKER_LOG"
    build --repo web --extra-args '--ssh default'
    fails 1 '--ssh needs BuildKit, which this docker client has only with its buildx plugin; install docker-buildx-plugin (or docker-buildx)'
    not_run
}

@test "secrets are named by their variables and files, and no argument holds them" {
    export STUB_BUILDX=0 NPM_TOKEN='s3cret $(touch ran)' FOLDER=$PWD EMPTY=
    echo f1le-secret >'a,b "c".txt'
    build --expand --repo web --secret NPM_TOKEN --secrets $'\n id=npm,env=NPM_TOKEN \n\nid=f,src=${FOLDER}/a,b'
    fails 2 '--secrets: expected VARIABLE, id=ID,env=VARIABLE or id=ID,src=FILE, e.g. id=npm,env=NPM_TOKEN'
    mv 'a,b "c".txt' file.txt
    build --expand --repo web --secret NPM_TOKEN --secrets $'\n id=npm,env=NPM_TOKEN \n\n type=file,id=f,src=${FOLDER}/file.txt'
    asked buildx build --load -f Dockerfile -t web:latest --secret id=NPM_TOKEN,env=NPM_TOKEN --secret id=npm,env=NPM_TOKEN \
        --secret "id=f,src=$PWD/file.txt" .
    grep -qx 'NPM_TOKEN=s3cret $(touch ran)' "$DOCKER_ENV"
    [ "$(cat out err | grep -c 's3cret\|f1le')" -eq 0 ]
    # Without --expand a text is what it is.
    build --repo web --secret 'id=f,src=${FOLDER}/file.txt'
    fails 2 '--secret: secret "f": the file "${FOLDER}/file.txt" does not exist'
    mkdir '"q"'
    touch '"q"/f'
    build --repo web --secret 'id=f,src="q"/f'
    asked buildx build --load -f Dockerfile -t web:latest --secret 'id=f,"src=""q""/f"' .
    [ ! -e ran ]
}

@test "secrets that are not there are said before docker runs, and never quoted" {
    export STUB_BUILDX=0 NPM_TOKEN=s3cret-value EMPTY=
    while IFS='|' read -r text expected; do
        build --expand --repo web --secret "$text"
        fails 2 "--secret: $expected"
    done <<'END'
NOPE|secret "NOPE": variable "NOPE" is not set
EMPTY|secret "EMPTY": variable "EMPTY" is empty
id=npm|secret "npm": variable "npm" is not set
id=npm,env=$NPM_TOKEN|secret "npm": env takes the name of a variable, as in env=NPM_TOKEN, not what it holds
id=npm,env=s3cret-value|secret "npm": env takes the name of a variable, as in env=NPM_TOKEN, not what it holds
id=npm,src=nowhere|secret "npm": the file "nowhere" does not exist
id=npm,src=.|secret "npm": the file "." is a folder
id=npm,src=${NOPE}|src: variable "NOPE" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${NOPE:-text}
env=NPM_TOKEN|expected VARIABLE, id=ID,env=VARIABLE or id=ID,src=FILE, e.g. id=npm,env=NPM_TOKEN
id=npm,value=s3cret-value|expected VARIABLE, id=ID,env=VARIABLE or id=ID,src=FILE, e.g. id=npm,env=NPM_TOKEN
id=npm,env=NPM_TOKEN,src=Dockerfile|expected VARIABLE, id=ID,env=VARIABLE or id=ID,src=FILE, e.g. id=npm,env=NPM_TOKEN
$NPM_TOKEN|expected VARIABLE, id=ID,env=VARIABLE or id=ID,src=FILE, e.g. id=npm,env=NPM_TOKEN
END
    not_run
}

@test "build arguments one a line, in which nothing is quoted" {
    export VALUE=$'a "b"\nc' DOLLAR='$HOME'
    build --expand --repo web --build-arg A=1 --build-args $'\n  B=it\'s "so" $(touch ran)  \r\nC=${VALUE}\n\nHOME\nD=$DOLLAR'
    [ "$status" -eq 2 ]
    build --expand --repo web --build-arg A=1 --build-args $'\n  B=it\'s "so" ; touch ran *  \r\nC=${VALUE}\n\nHOME\nD=$DOLLAR'
    asked build -f Dockerfile -t web:latest --build-arg A=1 --build-arg 'B=it'\''s "so" ; touch ran *' --build-arg "C=$VALUE" \
        --build-arg HOME --build-arg 'D=$HOME' .
    [ ! -e ran ]
}

@test "caches are passed on, in the form that ECR takes" {
    export STUB_BUILDX=0 R=127.0.0.1:5000/web
    build --expand --repo web --cache-from '${R}:cache' --cache-from '' --cache-to $'${R}:cache\ntype=local,dest=x'
    asked buildx build --load -f Dockerfile -t web:latest --cache-from 127.0.0.1:5000/web:cache \
        --cache-to type=registry,ref=127.0.0.1:5000/web:cache,mode=max,image-manifest=true,oci-mediatypes=true \
        --cache-to type=local,dest=x .
    STUB_BUILDX=1 build --repo web --cache-to r:c
    fails 1 '--cache-to needs BuildKit, which this docker client has only with its buildx plugin; install docker-buildx-plugin (or docker-buildx)'
}

@test "an old client has a BuildKit of its own" {
    export STUB_CLIENT=20.10.24+dfsg1
    x=1 build --repo web --secret id=x
    asked build -f Dockerfile -t web:latest --secret id=x,env=x .
    grep -qx DOCKER_BUILDKIT=1 "$DOCKER_ENV"
    DOCKER_BUILDKIT=1 build --repo web
    grep -qx DOCKER_BUILDKIT=1 "$DOCKER_ENV"
}

@test "DOCKER_BUILDKIT without the buildx plugin does not stop the build" {
    DOCKER_BUILDKIT=1 build --repo web
    asked build -f Dockerfile -t web:latest .
    [ "$(grep -c ^DOCKER_BUILDKIT= "$DOCKER_ENV")" -eq 0 ]
    [ "$(head -n 1 err)" = 'warning: DOCKER_BUILDKIT is set, but the docker client has no buildx plugin: building with the legacy builder' ]
    STUB_BUILDX=0 DOCKER_BUILDKIT=1 build --repo web
    asked build -f Dockerfile -t web:latest .
    grep -qx DOCKER_BUILDKIT=1 "$DOCKER_ENV"
    DOCKER_BUILDKIT=0 build --repo web
    grep -qx DOCKER_BUILDKIT=0 "$DOCKER_ENV"
}

@test "--ref names whole references" {
    build --ref 127.0.0.1:5000/a:1 --ref b:2 --ref b:2 --quiet
    asked build -f Dockerfile -t 127.0.0.1:5000/a:1 -t b:2 .
    [ "$(cat err)" = "docker's words" ]
    build --ref 'a:b:c'
    [ "$status" -eq 2 ]
}
