#!/usr/bin/env bats
# What the orb's scripts hand to slipway: exactly the parameters' text, one argument each, in bash and in
# a plain sh. A stand-in for slipway writes down its arguments.

bats_require_minimum_version 1.5.0

# Text that a shell would act upon if it were ever evaluated, or split.
evil='a b;touch pwned $(touch pwned) `touch pwned` "q" '"'"'s'"'"' *'

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir bin
    printf '#!/bin/sh\nfor word do printf "<%%s>\\n" "$word"; done | tee -a "%s/handed"\nexit "${STAND_IN_STATUS:-0}"\n' \
        "$PWD" >bin/slipway
    chmod 755 bin/slipway
    PATH=$PWD/bin:$PATH
    unset BASH_ENV SLIPWAY_TAGS_EXIST AWS_REGION AWS_DEFAULT_REGION AWS_ECR_ACCOUNT_URL AWS_ACCOUNT_ID SLIPWAY_REGISTRY_HOST
    export SLIPWAY_REGION=AWS_REGION SLIPWAY_ACCESS_KEY_VAR=AWS_ACCESS_KEY_ID
    export SLIPWAY_SECRET_KEY_VAR='$AWS_SECRET_ACCESS_KEY' SLIPWAY_REGISTRY=AWS_ECR_ACCOUNT_URL
    export SLIPWAY_REPO=nginx SLIPWAY_TAG='${CIRCLE_SHA1}'
}

# runs NAME WORD...: the script hands exactly these words to slipway. Only that of the login keeps slipway's result to
# itself, hosts that have been told of.
runs() {
    local name=$1 shell
    shift
    expected=$(printf '<%s>\n' "$@")
    for shell in "bash -eo pipefail" "sh"; do
        rm -f handed
        # shellcheck disable=SC2086 # two words on purpose
        run --separate-stderr $shell "$SLIPWAY_SOURCE/orb/scripts/$name.sh"
        [ "$status" -eq 0 ] || { echo "$shell: exit $status: $stderr"; return 1; }
        if [ "$name" = ecr-login ]; then
            [ -z "$output" ]
            output=$(cat handed)
        fi
        [ "$output" = "$expected" ] || { diff <(echo "$expected") <(echo "$output"); return 1; }
        [ "$stderr" = "" ]
    done
    [ ! -e pwned ]
}

@test "ecr-login hands over the host, the region, and the names of the key variables" {
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region AWS_REGION \
        --access-key-var AWS_ACCESS_KEY_ID --secret-key-var '$AWS_SECRET_ACCESS_KEY'
}

@test "ecr-login without a host leaves it to slipway" {
    export SLIPWAY_REGISTRY=
    runs ecr-login ecr login --expand --region AWS_REGION \
        --access-key-var AWS_ACCESS_KEY_ID --secret-key-var '$AWS_SECRET_ACCESS_KEY'
}

keys_of_image=(--access-key-var AWS_ACCESS_KEY_ID --secret-key-var '$AWS_SECRET_ACCESS_KEY')

@test "ecr-login names the registry of an account" {
    export SLIPWAY_ACCOUNT_ID='${ACCOUNT}' SLIPWAY_AWS_DOMAIN=amazonaws.com.cn SLIPWAY_REGION='${REGION}'
    runs ecr-login ecr login --expand --registry '${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com.cn' --region '${REGION}' "${keys_of_image[@]}"
    # A bare variable's name is one inside the host too.
    export SLIPWAY_ACCOUNT_ID=123456789012 SLIPWAY_REGION=MY_REGION SLIPWAY_AWS_DOMAIN=amazonaws.com
    runs ecr-login ecr login --expand --registry '123456789012.dkr.ecr.${MY_REGION}.amazonaws.com' --region MY_REGION "${keys_of_image[@]}"
}

@test "ecr-login takes the account from its variable when there is no host" {
    export AWS_ACCOUNT_ID=123456789012 SLIPWAY_REGION=us-east-1
    runs ecr-login ecr login --expand --registry 123456789012.dkr.ecr.us-east-1.amazonaws.com --region us-east-1 "${keys_of_image[@]}"
    export AWS_ECR_ACCOUNT_URL=127.0.0.1:5000
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region us-east-1 "${keys_of_image[@]}"
}

@test "the other usual name of the region's variable is known" {
    export AWS_DEFAULT_REGION=us-east-1
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region AWS_DEFAULT_REGION "${keys_of_image[@]}"
    runs create-repository ecr create-repository --expand --region AWS_DEFAULT_REGION "${keys_of_image[@]}" -- nginx
    export AWS_REGION=eu-west-1
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region AWS_REGION "${keys_of_image[@]}"
}

@test "a profile other than default is handed over" {
    export SLIPWAY_PROFILE=default
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region AWS_REGION "${keys_of_image[@]}"
    export SLIPWAY_PROFILE=kim
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region AWS_REGION "${keys_of_image[@]}" --profile kim
    runs create-repository ecr create-repository --expand --region AWS_REGION "${keys_of_image[@]}" --profile kim -- nginx
}

@test "ecr-login can set slipway up as docker's helper" {
    export SLIPWAY_INSTALL_HELPER=1
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region AWS_REGION "${keys_of_image[@]}" --install-helper
}

@test "ecr-login leaves the host for the steps that follow, and these use it when asked" {
    printf '#!/bin/sh\necho 123456789012.dkr.ecr.us-east-1.amazonaws.com\n' >bin/slipway
    : >later
    BASH_ENV=$PWD/later run bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/ecr-login.sh"
    [ "$output" = '' ]
    [ "$(cat later)" = "export SLIPWAY_REGISTRY_HOST='123456789012.dkr.ecr.us-east-1.amazonaws.com'" ]
    printf '#!/bin/sh\nfor word do printf "<%%s>\\n" "$word"; done\n' >bin/slipway
    export SLIPWAY_REGISTRY_HOST=host.example
    runs push-image image push --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' "${keys_of_image[@]}"
    export SLIPWAY_USE_LOGIN=true
    runs push-image image push --expand --registry host.example --repo nginx --tag '${CIRCLE_SHA1}' "${keys_of_image[@]}"
    unset SLIPWAY_REGISTRY_HOST
    runs push-image image push --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' "${keys_of_image[@]}"
}

@test "create-repository hands over how it is to be" {
    export SLIPWAY_SCAN_ON_PUSH=0 SLIPWAY_TAG_MUTABILITY=IMMUTABLE SLIPWAY_ENCRYPTION=KMS SLIPWAY_KMS_KEY=alias/kim
    export SLIPWAY_RESOURCE_TAG='[{"Key": "a", "Value": "b c"}]'
    runs create-repository ecr create-repository --expand --region AWS_REGION "${keys_of_image[@]}" --kms-key alias/kim \
        --tag '[{"Key": "a", "Value": "b c"}]' --no-scan-on-push --immutable --encryption KMS -- nginx
}

@test "create-repository hands over the name" {
    export SLIPWAY_REPO=$evil
    runs create-repository ecr create-repository --expand --region AWS_REGION \
        --access-key-var AWS_ACCESS_KEY_ID --secret-key-var '$AWS_SECRET_ACCESS_KEY' -- "$evil"
}

@test "build-image hands over every text unexpanded and unsplit" {
    export SLIPWAY_REPO=$evil SLIPWAY_TAG=$evil SLIPWAY_DOCKERFILE=$evil SLIPWAY_CONTEXT=$evil SLIPWAY_EXTRA_ARGS=$evil
    runs build-image image build --expand --registry AWS_ECR_ACCOUNT_URL --repo "$evil" --tag "$evil" \
        --dockerfile "$evil" --path "$evil" --extra-args "$evil"
}

@test "build-image without further options gives none" {
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=. SLIPWAY_EXTRA_ARGS=
    runs build-image image build --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' \
        --dockerfile Dockerfile --path .
}

@test "build-image says which of two Dockerfiles it takes" {
    printf '#!/bin/sh\n[ "$1 $2" != "env subst" ] || echo "$4"\n' >bin/slipway
    mkdir web
    touch Dockerfile web/Dockerfile
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=web SLIPWAY_EXTRA_ARGS=
    run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/build-image.sh"
    [ "$status" -eq 0 ]
    [ "$stderr" = "note: Dockerfile is built, as with circleci/aws-ecr 1.0.0; for web/Dockerfile set build_path, to . as a rule" ]
    rm Dockerfile
    run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/build-image.sh"
    [ "$stderr" = "" ]
}

@test "build-image with a context of its own finds the Dockerfile under the path" {
    export SLIPWAY_DOCKERFILE=Dockerfile.prod SLIPWAY_CONTEXT=app SLIPWAY_BUILD_PATH=. SLIPWAY_PLATFORM=linux/arm64 SLIPWAY_EXTRA_ARGS=""
    runs build-image image build --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' \
        --dockerfile app/Dockerfile.prod --path . --platform linux/arm64
}

@test "push-image hands over the reference" {
    runs push-image image push --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' "${keys_of_image[@]}"
}

@test "push-image takes a profile, and the alias of a public registry" {
    export SLIPWAY_PROFILE=kim SLIPWAY_PUBLIC=true SLIPWAY_PUBLIC_ALIAS='${ALIAS}' SLIPWAY_REGISTRY_HOST=public.ecr.aws SLIPWAY_USE_LOGIN=1
    runs push-image image push --expand --registry public.ecr.aws --repo '${ALIAS}/nginx' --tag '${CIRCLE_SHA1}' "${keys_of_image[@]}" --profile kim
}

@test "the scripts hand over further registries" {
    export SLIPWAY_MORE_REGISTRIES=$evil SLIPWAY_POLICY_KIND=repository SLIPWAY_POLICY_PATH=p.json
    runs push-image image push --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' "${keys_of_image[@]}" \
        --more-registries "$evil"
    runs ecr-login ecr login --expand --registry AWS_ECR_ACCOUNT_URL --region AWS_REGION "${keys_of_image[@]}" --more-registries "$evil"
    runs create-repository ecr create-repository --expand --region AWS_REGION "${keys_of_image[@]}" --more-registries "$evil" -- nginx
    runs set-policy ecr set-policy --expand --region AWS_REGION "${keys_of_image[@]}" --more-registries "$evil" -- nginx p.json
    # Only what is in all of them counts.
    printf '#!/bin/sh\necho "$*" >words\n' >bin/slipway
    bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/check-tags.sh"
    [[ $(cat words) == "image exists "*" --more-registries $evil" ]]
}

@test "ecr-login leaves the first of several hosts for the steps that follow" {
    printf '#!/bin/sh\nprintf "%%s\\n" one.example:1 two.example\n' >bin/slipway
    : >later
    BASH_ENV=$PWD/later run bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/ecr-login.sh"
    [ "$output" = '' ]
    [ "$(cat later)" = "export SLIPWAY_REGISTRY_HOST='one.example:1'" ]
}

@test "the scripts know a public registry" {
    export SLIPWAY_PUBLIC=1 SLIPWAY_PUBLIC_ALIAS=kim SLIPWAY_REGISTRY_HOST=public.ecr.aws SLIPWAY_USE_LOGIN=1
    runs ecr-login ecr login --expand --region AWS_REGION "${keys_of_image[@]}" --public
    runs create-repository ecr create-repository --expand --region AWS_REGION "${keys_of_image[@]}" --public -- nginx
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=.
    runs build-image image build --expand --registry public.ecr.aws --repo kim/nginx --tag '${CIRCLE_SHA1}' --dockerfile Dockerfile --path .
    export SLIPWAY_POLICY_KIND=repository SLIPWAY_POLICY_PATH=p.json
    runs set-policy ecr set-policy --public --expand --region AWS_REGION "${keys_of_image[@]}" -- nginx p.json
}

@test "create-repository hands over the tags that may be moved" {
    export SLIPWAY_TAG_MUTABILITY=IMMUTABLE_WITH_EXCLUSION SLIPWAY_TAG_EXCLUSIONS=$evil
    runs create-repository ecr create-repository --expand --region AWS_REGION "${keys_of_image[@]}" --immutable --immutable-except "$evil" -- nginx
}

@test "set-policy hands over the repository and the file" {
    export SLIPWAY_POLICY_KIND=lifecycle SLIPWAY_POLICY_PATH=$evil SLIPWAY_REPO=$evil SLIPWAY_PROFILE=kim
    runs set-policy ecr set-lifecycle-policy --profile kim --expand --region AWS_REGION "${keys_of_image[@]}" -- "$evil" "$evil"
    export SLIPWAY_POLICY_KIND=repository SLIPWAY_POLICY_PATH="" SLIPWAY_PROFILE=default
    run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/set-policy.sh"
    [ "$status" -eq 2 ]
    [ "$stderr" = "error: there is no file with the repository policy; name one in the parameter for its path" ]
}

@test "check-tags leaves its answer for the steps that follow, which then do nothing" {
    export BASH_ENV=$PWD/later SLIPWAY_SKIP_EXISTING=true SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=.
    for case in 0:true 1:false; do
        : >later
        STAND_IN_STATUS=${case%:*} run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/check-tags.sh"
        [ "$status" -eq 0 ]
        [ "$(cat later)" = "export SLIPWAY_TAGS_EXIST=${case#*:}" ]
    done
    # The image that has the tags is what a push would have left.
    printf '#!/bin/sh\necho host:5000/nginx:1@sha256:abc\n' >bin/slipway
    : >later
    run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/check-tags.sh"
    [ "$(cat later)" = "export SLIPWAY_IMAGE='host:5000/nginx@sha256:abc'"$'\n'"export SLIPWAY_TAGS_EXIST=true" ]
    printf '#!/bin/sh\nfor word do printf "<%%s>\\n" "$word"; done\n' >bin/slipway
    for step in build-image push-image; do
        SLIPWAY_TAGS_EXIST=true run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/$step.sh"
        [ "$status" -eq 0 ]
        [ "$output" = "every tag is there already" ]
        SLIPWAY_TAGS_EXIST=false run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/$step.sh"
        [[ $output == "<image>"* ]]
        SLIPWAY_SKIP_EXISTING=false SLIPWAY_TAGS_EXIST=true run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/$step.sh"
        [[ $output == "<image>"* ]]
    done
}

@test "check-tags fails when there is no answer" {
    printf '#!/bin/sh\necho "error: $*" >&2\nexit 4\n' >bin/slipway
    run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/check-tags.sh"
    [ "$status" -eq 4 ]
    [[ $stderr == "error: image exists --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx "* ]]
}

@test "push-image takes an archive, and leaves the image's name with its digest" {
    printf '#!/bin/sh\n[ "$1" != env ] || { echo "$4"; exit; }\necho "$*" >>words\necho host:5000/nginx:1@sha256:abc\necho host:5000/nginx:2@sha256:abc\n' >bin/slipway
    for archive in image.tar oci:folder oci-archive:image.tar; do
        export SLIPWAY_ARCHIVE=$archive SLIPWAY_IMAGE_FILE=a/b/image BASH_ENV=$PWD/later
        : >later
        run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/push-image.sh"
        [ "$status" -eq 0 ]
        [ "${lines[1]}" = host:5000/nginx:2@sha256:abc ]
        [ "$(cat a/b/image)" = host:5000/nginx@sha256:abc ]
        [ "$(cat later)" = "export SLIPWAY_IMAGE='host:5000/nginx@sha256:abc'" ]
    done
    [ "$(sed 's/.* //' words | paste -sd ' ')" = "docker-archive:image.tar oci:folder oci-archive:image.tar" ]
}

@test "a deployment takes the image that a push left in a file" {
    printf '#!/bin/sh\n[ "$1" != env ] || { echo "$4"; exit; }\necho "$SLIPWAY_IMAGE"\n' >bin/slipway
    deploy_settings false true
    echo host/nginx@sha256:abc >image
    export SLIPWAY_IMAGE_FILE=image
    for step in update-service update-task-definition; do
        run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/$step.sh"
        [ "$output" = host/nginx@sha256:abc ]
        SLIPWAY_IMAGE_FILE=none run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/$step.sh"
        [ "$status" -ne 0 ]
    done
}

@test "build-image builds for several platforms into a file, with a builder of this job's own, which push-image takes" {
    cat >bin/docker <<'END'
#!/bin/sh
echo "docker $*" >>words
[ "$2" != inspect ] || [ -e builder ] || exit 1
[ "$2" != create ] || touch builder
END
    printf '#!/bin/sh\n[ "$1" != env ] || { echo "$4"; exit; }\necho "slipway $*" >>words\n' >bin/slipway
    chmod 755 bin/docker
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=. SLIPWAY_PLATFORM=linux/amd64,linux/arm64 SLIPWAY_EXTRA_ARGS="--label a,b"
    export SLIPWAY_BINFMT_VERSION=qemu-v7.0.0-28 CIRCLE_PROJECT_REPONAME=shop CIRCLE_JOB=aws-ecr/build CIRCLE_NODE_INDEX=2 BASH_ENV=$PWD/later
    : >later
    sh "$SLIPWAY_SOURCE/orb/scripts/build-image.sh"
    archive=$(sed -n "s/export SLIPWAY_BUILT_ARCHIVE='oci-archive:\(.*\)'/\1/p" later)
    diff words - <<END
docker buildx inspect slipway-shop-aws-ecr-build-2
docker run --privileged --rm tonistiigi/binfmt:qemu-v7.0.0-28 --install all
docker buildx create --name slipway-shop-aws-ecr-build-2
slipway image build --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag \${CIRCLE_SHA1} --dockerfile Dockerfile --path . --platform linux/amd64,linux/arm64 --extra-args --label a,b --builder slipway-shop-aws-ecr-build-2 --output type=oci,dest=$archive
END
    bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/push-image.sh"
    [[ $(tail -1 words) == "slipway image push "*" --all-platforms oci-archive:$archive" ]]
    # The next build is for the engine's platform: nothing of the file is left.
    SLIPWAY_PLATFORM='' bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/build-image.sh"
    bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/push-image.sh"
    [[ $(tail -1 words) != *oci-archive* ]]
}

@test "build-image hands over build arguments, secrets, a stage and a cache, each as one text" {
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=. SLIPWAY_BUILD_ARGS=$evil SLIPWAY_BUILD_SECRETS=$evil SLIPWAY_TARGET=$evil SLIPWAY_CACHE_FROM=$evil
    runs build-image image build --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' --dockerfile Dockerfile --path . \
        --target "$evil" --build-args "$evil" --secrets "$evil" --cache-from "$evil"
}

# with_builder TEXT WORD...: with these further options, and the variables that are set, the image is built by the job's
# own builder, and slipway gets these words behind the context.
with_builder() {
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=. SLIPWAY_EXTRA_ARGS=$1 CIRCLE_PROJECT_REPONAME=shop CIRCLE_JOB=build BASH_ENV=$PWD/later
    unset CIRCLE_NODE_INDEX
    shift
    printf '#!/bin/sh\necho "docker $*" >>words\n[ "$2" != inspect ]\n' >bin/docker
    printf '#!/bin/sh\n[ "$1" != env ] || { echo "$4"; exit; }\nprintf "%%s|" "$@" >>words\n' >bin/slipway
    chmod 755 bin/docker
    : >words
    : >later
    sh "$SLIPWAY_SOURCE/orb/scripts/build-image.sh"
    expected=$([ $# -eq 0 ] || printf '%s|' "$@")
    [[ $(tail -1 words) == *"|--path|.|$expected" ]] || { cat words; return 1; }
}

@test "build-image makes a builder for a cache that is written, and for nothing else" {
    made="docker buildx inspect slipway-shop-build-0"$'\n'"docker buildx create --name slipway-shop-build-0"
    SLIPWAY_CACHE_TO='${R}:c' with_builder '' --cache-to '${R}:c' --extra-args ' --builder slipway-shop-build-0'
    [ "$(head -2 words)" = "$made" ]
    [ ! -s later ]
    for words in '' '--label a' '--provenance=false --sbom=false' '--provenance false'; do
        with_builder "$words" ${words:+--extra-args "$words"}
        [ "$(grep -c '^docker' words)" -eq 0 ]
        [ ! -s later ]
    done
    SLIPWAY_CACHE_TO=type=inline with_builder '' --cache-to type=inline
    SLIPWAY_CACHE_TO=r:c with_builder '--builder own' --cache-to r:c --extra-args '--builder own'
    [ "$(grep -c '^docker' words)" -eq 0 ]
}

@test "build-image writes attestations that are asked for to a file, which push-image takes whole" {
    for words in --provenance=true '--provenance mode=max' '--label a --sbom=true' '--attest type=sbom' '--provenance=false --sbom true'; do
        with_builder "$words" >/dev/null || true
        [[ $(tail -1 words) == *"|--extra-args|$words --builder slipway-shop-build-0 --output type=oci,dest="*"/image.tar|" ]]
        [[ $(cat later) == "export SLIPWAY_BUILT_ARCHIVE='oci-archive:"*"/image.tar'" ]]
    done
    bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/push-image.sh"
    [[ $(tail -1 words) == *"image|push|"*"|--all-platforms|oci-archive:"* ]]
}

@test "build-image leaves several platforms to a docker that pushes itself" {
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=. SLIPWAY_PLATFORM=linux/amd64,linux/arm64 SLIPWAY_EXTRA_ARGS="--push --label a"
    runs build-image image build --expand --registry AWS_ECR_ACCOUNT_URL --repo nginx --tag '${CIRCLE_SHA1}' \
        --dockerfile Dockerfile --path . --platform linux/amd64,linux/arm64 --extra-args "--push --label a"
}

deploy_settings() {
    export SLIPWAY_FAMILY=kim SLIPWAY_CLUSTER=default SLIPWAY_SERVICE="" SLIPWAY_IMAGE_UPDATES="" SLIPWAY_ENV_UPDATES=""
    export SLIPWAY_MAX_POLL_ATTEMPTS=50 SLIPWAY_POLL_INTERVAL=20 SLIPWAY_WAIT=$1 SLIPWAY_FAIL_ON_TIMEOUT=$2
}

keys=(--region AWS_REGION --access-key-var AWS_ACCESS_KEY_ID --secret-key-var '$AWS_SECRET_ACCESS_KEY')

@test "update-service with nothing but the required parameters" {
    deploy_settings 0 1
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}"
    deploy_settings false true
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}"
}

@test "update-service hands over every text unexpanded and unsplit" {
    deploy_settings false true
    export SLIPWAY_FAMILY=$evil SLIPWAY_CLUSTER=$evil SLIPWAY_SERVICE=$evil SLIPWAY_IMAGE_UPDATES=$evil SLIPWAY_ENV_UPDATES=$evil
    runs update-service ecs deploy --expand --allow-unchanged --family "$evil" --cluster "$evil" --service "$evil" \
        --image-updates "$evil" --env-updates "$evil" "${keys[@]}"
}

@test "update-service follows the rollout when asked, in both spellings of true" {
    for yes in 1 true; do
        deploy_settings $yes 1
        runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}" \
            --wait --poll-interval 20s --max-poll-attempts 50
    done
}

@test "update-service may end well when the time is up, in both spellings of false" {
    for no in 0 false; do
        deploy_settings true $no
        runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}" \
            --wait --poll-interval 20s --max-poll-attempts 50 --no-fail-on-timeout
    done
}

@test "update-service exports to later steps where these can be" {
    deploy_settings false true
    : >later
    export BASH_ENV=$PWD/later
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default --export-env "$PWD/later" "${keys[@]}"
}

@test "update-service hands over secrets, labels, a profile and force" {
    deploy_settings false true
    export SLIPWAY_SECRET_UPDATES=$evil SLIPWAY_LABEL_UPDATES=$evil SLIPWAY_FORCE=true SLIPWAY_PROFILE=kim
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default --secret-updates "$evil" \
        --label-updates "$evil" "${keys[@]}" --force --profile kim
}

@test "update-service hands over several services, or the file that lists them, and where the facts go" {
    deploy_settings true true
    export SLIPWAY_FAMILY='' SLIPWAY_CLUSTER='$C' SLIPWAY_SERVICES=$evil SLIPWAY_REPORT_FILE=$evil SLIPWAY_SUMMARY_FILE='${OUT}/s.md'
    export SLIPWAY_ONE_BY_ONE=true SLIPWAY_KEEP_GOING=1
    runs update-service ecs deploy --expand --allow-unchanged --cluster '$C' --service "$evil" --report "$evil" --summary '${OUT}/s.md' "${keys[@]}" \
        --one-by-one --keep-going --wait --poll-interval 20s --max-poll-attempts 50
    export SLIPWAY_CLUSTER='' SLIPWAY_SERVICES='' SLIPWAY_DEPLOY_FILE=$evil SLIPWAY_ONE_BY_ONE=0 SLIPWAY_KEEP_GOING=false SLIPWAY_REPORT_FILE='' SLIPWAY_SUMMARY_FILE=''
    runs update-service ecs deploy --expand --allow-unchanged --deploy-file "$evil" "${keys[@]}" --wait --poll-interval 20s --max-poll-attempts 50
}

@test "update-service hands over an image, and the container where one is named" {
    deploy_settings false true
    export SLIPWAY_NEW_IMAGE=$evil SLIPWAY_CONTAINER=''
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}" --image "$evil"
    export SLIPWAY_NEW_IMAGE='${SLIPWAY_IMAGE}' SLIPWAY_CONTAINER='${CONTAINER}'
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}" --image '${CONTAINER}=${SLIPWAY_IMAGE}'
    # A variable that is not set is no container that is not named.
    printf '#!/bin/sh\n[ "$1" != env ] || exit 2\necho deployed\n' >bin/slipway
    run --separate-stderr bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/update-service.sh"
    [ "$status" -eq 2 ]
    [ "$output" = "" ]
}

@test "deregister hands over what goes and what stays" {
    export SLIPWAY_FAMILY=$evil SLIPWAY_KEEP=5 SLIPWAY_CLUSTER='' SLIPWAY_DELETE=0 SLIPWAY_DRY_RUN=false
    runs deregister ecs deregister --expand --family "$evil" --keep 5 "${keys[@]}"
    export SLIPWAY_CLUSTER=$evil SLIPWAY_DELETE=1 SLIPWAY_DRY_RUN=true SLIPWAY_PROFILE=kim SLIPWAY_ROLE_ARN=$evil
    runs deregister ecs deregister --expand --family "$evil" --keep 5 --cluster "$evil" "${keys[@]}" --role-arn "$evil" \
        --profile kim --delete --dry-run
}

@test "update-service hands over the base revision, tags, the number of tasks and the circuit breaker" {
    deploy_settings false true
    export SLIPWAY_BASE_REVISION='${BASE}' SLIPWAY_TASK_DEFINITION_TAGS=$evil SLIPWAY_DESIRED_COUNT='${COUNT}' SLIPWAY_CIRCUIT_BREAKER=true
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default --task-definition 'kim:${BASE}' \
        --tags "$evil" --desired-count '${COUNT}' "${keys[@]}" --circuit-breaker
    export SLIPWAY_BASE_REVISION="" SLIPWAY_TASK_DEFINITION_TAGS="" SLIPWAY_DESIRED_COUNT="" SLIPWAY_CIRCUIT_BREAKER=0
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}"
}

@test "update-service hands a deployment to CodeDeploy, for as long as its group waits" {
    deploy_settings true true
    export SLIPWAY_CONTROLLER=CODE_DEPLOY SLIPWAY_CODEDEPLOY_APPLICATION=$evil SLIPWAY_CODEDEPLOY_GROUP=group SLIPWAY_CODEDEPLOY_CONFIG=''
    export SLIPWAY_LOAD_BALANCED_CONTAINER='' SLIPWAY_LOAD_BALANCED_PORT=80 SLIPWAY_CAPACITY_PROVIDER=''
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}" \
        --codedeploy-application "$evil" --codedeploy-group group --wait --poll-interval 20s
    export SLIPWAY_CODEDEPLOY_CONFIG=canary SLIPWAY_LOAD_BALANCED_CONTAINER=web SLIPWAY_CAPACITY_PROVIDER=spot
    export SLIPWAY_CAPACITY_PROVIDER_BASE=0 SLIPWAY_CAPACITY_PROVIDER_WEIGHT=1 SLIPWAY_CIRCUIT_BREAKER=1
    runs update-service ecs deploy --expand --allow-unchanged --family kim --cluster default "${keys[@]}" \
        --codedeploy-application "$evil" --codedeploy-group group --codedeploy-config canary --load-balanced-container web \
        --load-balanced-port 80 --codedeploy-capacity-provider spot,0,1 --on-failure rollback --wait --poll-interval 20s
}

@test "create-index names the images and the tags" {
    printf '#!/bin/sh\necho "$*" >>words\necho host/web:1@sha256:abc\n' >bin/slipway
    export SLIPWAY_REGISTRY_HOST=host SLIPWAY_FROM_TAGS='${SHA}-amd64 ${SHA}-arm64' SLIPWAY_TAG='${SHA}, latest' BASH_ENV=$PWD/later
    : >later
    run --separate-stderr sh "$SLIPWAY_SOURCE/orb/scripts/create-index.sh"
    [ "$output" = host/web:1@sha256:abc ]
    [ "$(cat words)" = "image index create --expand --region AWS_REGION ${keys_of_image[*]} --manifest host/nginx:\${SHA}-amd64 --manifest host/nginx:\${SHA}-arm64 host/nginx:\${SHA} host/nginx:latest" ]
    [ "$(cat later)" = "export SLIPWAY_IMAGE='host/web@sha256:abc'" ]
}

@test "parameters that need each other are named" {
    deploy_settings true true
    refuses 2 "no family is named: set the parameter family to that of the task definition" update-service SLIPWAY_FAMILY=
    refuses 2 "no cluster is named: set the parameter cluster (cluster-name in deploy-service-update)" update-service SLIPWAY_CLUSTER=
    refuses 2 "no service is named: name them in the parameter services, or in the file that deploy_file names" update-service SLIPWAY_FAMILY= SLIPWAY_SERVICES=
    refuses 2 "deploy_file lists the services and what is changed of each: leave services and family empty" update-service SLIPWAY_DEPLOY_FILE=f SLIPWAY_SERVICES=web
    refuses 2 "the parameter container says where image goes, and there is no image: set image, or leave container out" update-service SLIPWAY_CONTAINER=web SLIPWAY_NEW_IMAGE=
    refuses 2 "no family is named: set the parameter family to that of the task definition" update-task-definition SLIPWAY_FAMILY=
    refuses 2 "no task definition is named: set the parameter task_definition_json to its file" update-task-definition SLIPWAY_FAMILY= SLIPWAY_FILE=
    refuses 2 "no image is named: set the parameter from to the one that is copied" promote-image SLIPWAY_FROM= SLIPWAY_TO=x
    refuses 2 "nothing says where the image goes: set the parameter to to names, separated by blanks" promote-image SLIPWAY_FROM=x SLIPWAY_TO=
    refuses 2 "no images are named: set the parameter from_tags to the tags of the images to put together, separated by blanks" create-index SLIPWAY_FROM_TAGS=
    refuses 2 "the new image has no name: set the parameter tag to the tags it gets" create-index SLIPWAY_FROM_TAGS=a SLIPWAY_TAG=
}

@test "a schedule needs a rule, and a revision that a step of the job registered" {
    local registered='SLIPWAY_TASK_DEFINITION=${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}'
    local unknown="no revision is known: no step of this job registered one; do so with update_task_definition before this step, or name one in the parameter task_definition"
    refuses 2 "no rule is named: set the parameter rule_name, or schedule_name for a schedule of EventBridge Scheduler" schedule SLIPWAY_RULE= SLIPWAY_SCHEDULE= "$registered"
    refuses 2 "$unknown" schedule SLIPWAY_RULE=nightly "$registered"
    refuses 2 "$unknown" schedule SLIPWAY_RULE=nightly "$registered" CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN=
    refuses 2 "$unknown" schedule SLIPWAY_RULE=nightly SLIPWAY_TASK_DEFINITION=
    export SLIPWAY_RULE=nightly CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN=arn
    export "${registered?}"
    runs schedule ecs schedule --expand --task-definition '${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}' --rule nightly "${keys[@]}"
    unset CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN
    export SLIPWAY_TASK_DEFINITION=web:7
    runs schedule ecs schedule --expand --task-definition web:7 --rule nightly "${keys[@]}"
}

@test "refuse says why, and is an input error" {
    for shell in "bash -eo pipefail" sh; do
        # shellcheck disable=SC2086 # two words on purpose
        SLIPWAY_REFUSAL=$evil run --separate-stderr $shell "$SLIPWAY_SOURCE/orb/scripts/refuse.sh"
        [ "$status" -eq 2 ]
        [ "$output" = "" ]
        [ "$stderr" = "error: $evil" ]
    done
}

@test "update-service passes slipway's exit code on" {
    deploy_settings true true
    STAND_IN_STATUS=11 run bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/update-service.sh"
    [ "$status" -eq 11 ]
}

@test "verify-revision-is-deployed waits for the revision, for attempts times interval" {
    deploy_settings false true
    export SLIPWAY_TASK_DEFINITION='${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}'
    runs verify-revision-is-deployed ecs wait --expand --cluster default --service kim \
        --task-definition '${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}' --poll-interval 20s --timeout 1000s "${keys[@]}"
    export SLIPWAY_SERVICE=web SLIPWAY_PROFILE=kim
    runs verify-revision-is-deployed ecs wait --expand --cluster default --service web \
        --task-definition '${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}' --poll-interval 20s --timeout 1000s "${keys[@]}" --profile kim
}

@test "update-task-definition registers a family with changes" {
    deploy_settings false true
    runs update-task-definition ecs register --expand --allow-unchanged "${keys[@]}" --family kim
    export SLIPWAY_IMAGE_UPDATES=$evil SLIPWAY_ENV_UPDATES=$evil SLIPWAY_SECRET_UPDATES=$evil SLIPWAY_LABEL_UPDATES=$evil
    export SLIPWAY_TASK_DEFINITION_TAGS=$evil SLIPWAY_BASE_REVISION=7 SLIPWAY_PROFILE=kim
    runs update-task-definition ecs register --expand --allow-unchanged --image-updates "$evil" --env-updates "$evil" \
        --secret-updates "$evil" --label-updates "$evil" --tags "$evil" "${keys[@]}" --task-definition kim:7 --profile kim
}

@test "update-task-definition registers a file, and exports to later steps" {
    : >later
    export SLIPWAY_FILE=$evil BASH_ENV=$PWD/later
    runs update-task-definition ecs register --expand --allow-unchanged --export-env "$PWD/later" "${keys[@]}" --file "$evil"
}

@test "verify-revision-is-deployed forgives only the time-out, and only when asked" {
    export SLIPWAY_TASK_DEFINITION=arn
    for case in true:13:13 1:13:13 false:13:0 0:13:0 false:11:11 true:0:0; do
        IFS=: read -r fail given expected <<<"$case"
        deploy_settings true "$fail"
        STAND_IN_STATUS=$given run bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/verify-revision-is-deployed.sh"
        [ "$status" -eq "$expected" ]
    done
}

@test "verify-revision-is-deployed counts with nothing but digits" {
    deploy_settings true true
    export SLIPWAY_TASK_DEFINITION=arn SLIPWAY_POLL_INTERVAL='a[$(touch pwned)]'
    run --separate-stderr bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/verify-revision-is-deployed.sh"
    [ "$status" -eq 2 ]
    [ "$stderr" = "error: max-poll-attempts and poll-interval must be numbers" ]
    [ ! -e pwned ]
}

@test "no script holds a template tag, and none evaluates text" {
    run grep -nE '<<[^<]|eval|`' "$SLIPWAY_SOURCE"/orb/scripts/*.sh
    [ "$status" -eq 1 ]
}

# refuses STATUS TEXT STEP [VARIABLE=TEXT...]: the step ends with this, says this, and starts nothing.
refuses() {
    for shell in "bash -eo pipefail" sh; do
        # shellcheck disable=SC2086 # two words on purpose
        run --separate-stderr env "${@:4}" $shell "$SLIPWAY_SOURCE/orb/scripts/$3.sh"
        [ "$status" -eq "$1" ] || { echo "exit $status: $stderr"; return 1; }
        [ "$output" = "" ]
        [ "${stderr_lines[-1]}" = "error: $2" ] || { echo "$stderr"; return 1; }
    done
}

@test "a deployment says what is missing when no push left an image's name" {
    printf '#!/bin/sh\n[ "$1" != env ] || { echo "$4"; exit; }\necho ran\n' >bin/slipway
    deploy_settings false true
    export SLIPWAY_IMAGE_FILE='image name'
    for step in update-service update-task-definition check; do
        refuses 2 "no image is named in the file \"image name\"; it is written by a push with the same image_file, and comes with the workflow's workspace (attach_workspace)" $step
        : >'image name'
        refuses 2 "no image is named in the file \"image name\"; it is written by a push with the same image_file, and comes with the workflow's workspace (attach_workspace)" $step
    done
}

@test "build-image says what a builder needs when docker cannot make one" {
    printf '#!/bin/sh\n[ "$1" != env ] || { echo "$4"; exit; }\necho ran\n' >bin/slipway
    printf '#!/bin/sh\necho "docker: Cannot connect to the Docker daemon" >&2\nexit 125\n' >bin/docker
    chmod 755 bin/docker
    export SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=. SLIPWAY_PLATFORM=linux/amd64,linux/arm64 SLIPWAY_BINFMT_VERSION=qemu
    refuses 4 "no builder for this image can be made; docker says why above: is there an engine (setup_remote_docker, or a machine executor), buildx, and a way to the image tonistiigi/binfmt?" build-image
    [ "${stderr_lines[0]}" = "docker: Cannot connect to the Docker daemon" ]
}
