#!/usr/bin/env bats
# slipway ecs schedule against moto: EventBridge rules and EventBridge Scheduler, as boto3 sees them before
# and after.

bats_require_minimum_version 1.5.0

setup_file() {
    load moto
    start_moto
}

teardown_file() {
    load moto
    stop_servers
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    python3 - <<'PYTHON'
import boto3, json, os
at = dict(endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
ecs, events, scheduler = (boto3.client(name, **at) for name in ("ecs", "events", "scheduler"))
cluster = ecs.create_cluster(clusterName="prod")["cluster"]["clusterArn"]
old = ecs.register_task_definition(family="kim", containerDefinitions=[{"name": "web", "image": "r/web:1", "memory": 64}])
old = old["taskDefinition"]["taskDefinitionArn"]
ecs.register_task_definition(family="kim", containerDefinitions=[{"name": "web", "image": "r/web:2", "memory": 64}])
ecs.register_task_definition(family="lee", containerDefinitions=[{"name": "web", "image": "r/web:2", "memory": 64}])
parameters = {"TaskDefinitionArn": old, "TaskCount": 2, "LaunchType": "FARGATE",
              "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}}}
events.put_rule(Name="night", ScheduleExpression="rate(1 day)")
events.put_targets(Rule="night", Targets=[
    {"Id": "kim", "Arn": cluster, "RoleArn": "arn:aws:iam::1:role/r", "Input": json.dumps({"a": 1}), "EcsParameters": parameters,
     "RetryPolicy": {"MaximumRetryAttempts": 3}},
    {"Id": "fn", "Arn": "arn:aws:lambda:eu-west-1:1:function:f"}])
target = {"Arn": cluster, "RoleArn": "arn:aws:iam::1:role/r", "EcsParameters": parameters, "Input": "{}"}
try:
    scheduler.create_schedule_group(Name="team")
except scheduler.exceptions.ConflictException:
    scheduler.delete_schedule(Name="weekly", GroupName="team")
scheduler.create_schedule(Name="weekly", GroupName="team", ScheduleExpression="rate(7 days)", State="DISABLED",
                          ScheduleExpressionTimezone="Asia/Tokyo", Description="d",
                          FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}, Target=target)
PYTHON
    facts >before
}

# Runs with stdout in "out" and stderr in "err"; sets $status.
schedule() {
    status=0
    "$SLIPWAY_PROGRAM" ecs schedule --cluster prod "$@" >out 2>err || status=$?
}

# All that EventBridge and the Scheduler hold, without what they count themselves.
facts() {
    python3 - <<'PYTHON'
import boto3, json, os
at = dict(endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
events, scheduler = (boto3.client(name, **at) for name in ("events", "scheduler"))
schedule = scheduler.get_schedule(Name="weekly", GroupName="team")
for key in ("ResponseMetadata", "CreationDate", "LastModificationDate"):
    schedule.pop(key, None)
targets = events.list_targets_by_rule(Rule="night")["Targets"]
print(json.dumps([sorted(targets, key=lambda t: t["Id"]), schedule], sort_keys=True, default=str, indent=1))
PYTHON
}

newest() { "$SLIPWAY_PROGRAM" ecs register --family "$1" --allow-unchanged 2>/dev/null; }

@test "a rule's target runs the newest revision, and nothing else of it changes" {
    arn=$(newest kim)
    schedule --task-definition kim --rule night
    [ "$status" -eq 0 ] || { cat err; false; }
    [ "$(cat out)" = "rule night kim" ]
    [[ $(cat err) == "rule night, target kim: kim:"*" -> ${arn##*/}" ]]
    facts >after
    [ "$(jq -r '.[0][1].EcsParameters.TaskDefinitionArn' after)" = "$arn" ]
    [ "$(jq 'del(.[0][1].EcsParameters.TaskDefinitionArn)' after)" = "$(jq 'del(.[0][1].EcsParameters.TaskDefinitionArn)' before)" ]
}

@test "a schedule runs the newest revision, and nothing else of it changes" {
    arn=$(newest kim)
    schedule --task-definition kim --schedule team/weekly --output json
    [ "$status" -eq 0 ] || { cat err; false; }
    jq -e --arg arn "$arn" '.taskDefinition == $arn and (.targets | length) == 1 and .targets[0].updated' out
    facts >after
    [ "$(jq -r '.[1].Target.EcsParameters.TaskDefinitionArn' after)" = "$arn" ]
    [ "$(jq 'del(.[1].Target.EcsParameters.TaskDefinitionArn)' after)" = \
        "$(jq 'del(.[1].Target.EcsParameters.TaskDefinitionArn)' before)" ]
}

@test "all that run the family are found; a dry run changes none" {
    schedule --task-definition kim --all --dry-run
    [ "$status" -eq 0 ] || { cat err; false; }
    [ ! -s out ]
    [ "$(grep -c ': would change kim:' err)" -eq 2 ]
    [ "$(facts)" = "$(cat before)" ]
    schedule --task-definition kim --all
    [ "$status" -eq 0 ]
    [ "$(cat out)" = $'rule night kim\nschedule team/weekly' ]
    schedule --task-definition kim --all
    [ "$status" -eq 0 ]
    [ ! -s out ]
    schedule --task-definition lee --all
    [ "$status" -eq 0 ]
    [ "$(cat err)" = 'no rule and no schedule runs "lee" in cluster "prod"' ]
}

@test "what does not exist or does not fit is an error that says what there is" {
    schedule --task-definition lee --rule night
    [ "$status" -eq 1 ]
    grep -q '^error: rule "night" does not run "lee" in cluster "prod"; it runs ' err
    schedule --task-definition kim --rule day
    [ "$status" -eq 1 ]
    grep -q '^error: rule "day": EventBridge ListTargetsByRule: ResourceNotFoundException: .*; rules: night$' err
    schedule --task-definition kim --schedule weekly
    [ "$status" -eq 1 ]
    grep -q '^error: schedule "weekly": EventBridge Scheduler GetSchedule: ResourceNotFoundException: ' err
    schedule --task-definition nope --rule night
    [ "$status" -eq 1 ]
    [ "$(facts)" = "$(cat before)" ]
}

@test "wrong usage is told before AWS is asked" {
    export AWS_ENDPOINT_URL=http://127.0.0.1:9
    schedule --task-definition kim
    [ "$status" -eq 2 ]
    grep -q '^error: what to change is not known; give --rule, --schedule or --all' err
    schedule --task-definition '' --all
    [ "$status" -eq 2 ]
}
