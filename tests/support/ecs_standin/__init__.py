"""A stand-in for Amazon ECS that acts out rollouts over simulated time.

Nothing here sleeps or looks at a clock: time is a number that callers advance. One tick is one second.

    clock.py       simulated time, and what is to happen when
    model.py       requests and replies against botocore's models of the APIs
    buckets.py     throttling by the token buckets of the ECS API
    plan.py        how tasks of a definition behave: start, become healthy, fail
    tasks.py       one task
    breaker.py     the deployment circuit breaker's counting
    deployments.py a deployment as DescribeServices shows it, and its service deployment and revision
    rolling.py     rolling updates, daemons included
    shifting.py    blue/green, linear and canary deployments: stages, hooks, pauses, bake time
    service.py     one service: its deployments, events, steps
    world.py       clusters, task definitions, services, tasks; scenarios
    api.py         the actions of the ECS API
    codedeploy.py  the actions of CodeDeploy, and blue/green deployments by it
    server.py      all that behind HTTP
"""
