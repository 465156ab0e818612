#!/usr/bin/env bats
# orb/aws/ecs-service.template: linted, created in the AWS stand-in, and deployed into with its outputs.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../cli/moto
    : >"$BATS_FILE_TMPDIR/servers"
    if command -v moto_server >/dev/null; then
        start_moto
        create_stack
    fi
}

teardown_file() {
    load ../cli/moto
    stop_servers
}

setup() {
    load ../cli/moto
    cd "$BATS_TEST_TMPDIR"
    template=$SLIPWAY_SOURCE/orb/aws/ecs-service.template
}

organization=0fbf2e6c-0e1c-4a5e-9b3a-6a5d1b1f0a11

api() { aws --endpoint-url "$AWS_ENDPOINT_URL" --region "$AWS_REGION" --output json "$@"; }

create_stack() {
    local network subnets
    network=$(api ec2 describe-vpcs --query 'Vpcs[?IsDefault].VpcId' --output text)
    subnets=$(api ec2 describe-subnets --query 'Subnets[:2].SubnetId' --output text | tr '\t' ',')
    api cloudformation create-stack --stack-name web --capabilities CAPABILITY_IAM \
        --template-body "file://$SLIPWAY_SOURCE/orb/aws/ecs-service.template" --parameters \
        "ParameterKey=VpcId,ParameterValue=$network" "ParameterKey=SubnetIds,ParameterValue=${subnets/,/\\,}" \
        "ParameterKey=CircleciOrganizationId,ParameterValue=$organization" >"$BATS_FILE_TMPDIR/stack.json"
}

need_stack() { [ -s "$BATS_FILE_TMPDIR/stack.json" ] || skip "moto_server (PyPI: moto) is not installed"; }

output() { api cloudformation describe-stacks --stack-name web | jq -r --arg key "$1" '.Stacks[0].Outputs[] | select(.OutputKey == $key) | .OutputValue'; }

@test "the template has no mistake" {
    command -v cfn-lint >/dev/null || skip "cfn-lint (PyPI: cfn-lint) is not installed"
    run cfn-lint "$template"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "the stack stands, with everything a deployment needs" {
    need_stack
    [ "$(api cloudformation describe-stacks --stack-name web | jq -r '.Stacks[0].StackStatus')" = CREATE_COMPLETE ]
    api cloudformation list-stack-resources --stack-name web | jq -r '.StackResourceSummaries[].ResourceType' | sort >types
    for type in ECR::Repository ECS::Cluster ECS::Service ECS::TaskDefinition IAM::Role Logs::LogGroup \
        ElasticLoadBalancingV2::LoadBalancer ElasticLoadBalancingV2::Listener ElasticLoadBalancingV2::TargetGroup \
        EC2::SecurityGroup AutoScaling::AutoScalingGroup; do
        grep -qx "AWS::$type" types || { echo "there is no $type"; return 1; }
    done
}

@test "the outputs are what a configuration needs" {
    need_stack
    [ "$(output Region)" = eu-west-1 ]
    [ "$(output AccountUrl)" = 123456789012.dkr.ecr.eu-west-1.amazonaws.com ]
    for name in Repository Family ClusterName ServiceName ContainerName; do
        [ "$(output "$name")" = web ] || { echo "$name is $(output "$name")"; return 1; }
    done
    [[ $(output RoleArn) == arn:aws:iam::123456789012:role/* ]]
}

@test "CircleCI's jobs assume the role, and it may do what the jobs do" {
    need_stack
    role=$(output RoleArn)
    api iam get-role --role-name "${role##*/}" | jq .Role.AssumeRolePolicyDocument >trust.json
    [ "$(jq -r '.Statement[0].Condition.StringLike[]' trust.json)" = "org/$organization/project/*/user/*" ]
    api iam get-role-policy --role-name "${role##*/}" --policy-name push-and-deploy | grep -oE '(ecr|ecs|iam|logs):[A-Za-z]+' >actions
    for action in ecr:GetAuthorizationToken ecr:PutImage ecs:DescribeTaskDefinition ecs:RegisterTaskDefinition ecs:UpdateService iam:PassRole; do
        grep -qx "$action" actions
    done
}

@test "the program deploys into it" {
    need_stack
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs deploy --cluster "$(output ClusterName)" --family "$(output Family)" \
        --image "$(output ContainerName)=$(output AccountUrl)/$(output Repository):1"
    [ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
    api ecs describe-task-definition --task-definition web | jq .taskDefinition >definition.json
    [ "$(jq -r '.containerDefinitions[0].image' definition.json)" = 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1 ]
    [ "$(jq -r '.containerDefinitions[0].portMappings[0].hostPort' definition.json)" = 0 ]
    [ "$(api ecs describe-services --cluster web --services web | jq -r '.services[0].taskDefinition')" = "$(jq -r .taskDefinitionArn definition.json)" ]
}

@test "the role has what the jobs use, and what explains failures" {
    for action in ecr:BatchGetImage ecr:GetDownloadUrlForLayer ecs:DescribeTaskDefinition ecs:RegisterTaskDefinition ecs:UpdateService \
        ecs:DescribeServices ecs:ListTasks ecs:DescribeTasks ecs:DescribeServiceDeployments logs:GetLogEvents iam:PassRole; do
        grep -qw "$action" "$template" || { echo "$action is not in the template"; return 1; }
    done
}
