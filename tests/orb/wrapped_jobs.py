#!/usr/bin/env python3
"""Jobs that run one command of the orb, and commands that are another's second name: their parameters are
the command's, word for word.

    wrapped_jobs.py --check    says which files differ from what they should be
    wrapped_jobs.py --write    writes them
"""

import pathlib
import re
import sys
import textwrap

ORB = pathlib.Path(__file__).resolve().parent.parent.parent / "orb"

# Job, command it runs, executor, what it takes in before (c: checkout, w: workspace, d: remote Docker engine,
# capitals: by default), description.
JOBS = [
    ("build-image", "build-image", "default", "Cwd",
     "Check out the code and build its image with Docker, without pushing it."),
    ("build_image", "build_image", "default", "Cwd", "Check out the code, build its image with Docker and push it."),
    ("check", "check", "container", "w", "Say what would keep a deployment from succeeding, and change nothing."),
    ("create_index", "create_index", "container", "",
     "Make one image of several platforms out of the images that jobs of their own built, without moving a layer."),
    ("create_repo", "create_repo", "container", "", "Create the ECR repository when it is not there yet."),
    ("deploy_ecs_scheduled_task", "deploy_ecs_scheduled_task", "container", "",
     "Point an EventBridge rule, or a schedule of EventBridge Scheduler, at a revision of the task that it runs."),
    ("deploy_service_update", "update_service", "container", "cw",
     "Register a new revision of an Amazon ECS task definition and roll the service over to it; with the parameter"
     " names of circleci/aws-ecs 4 and newer."),
    ("deploy_services", "deploy_services", "container", "cw",
     "Deploy several services together: planned and checked before anything is registered, followed side by side."),
    ("deregister", "deregister", "container", "",
     "Deregister old revisions of a task definition, but for the newest ones and those in use."),
    ("promote_image", "promote_image", "container", "w",
     "Copy an image, as it is, to other repositories, regions or accounts."),
    ("push-image", "push-image", "container", "Wd",
     "Push an image that another job built, from the workflow's workspace."),
    ("push_image", "push_image", "container", "Wd",
     "Push an image that another job built, from the workflow's workspace; with the parameter names of"
     " circleci/aws-ecr 9."),
    ("rollback", "rollback", "container", "",
     "Take a service back to the revision that it ran well before, and follow the rollout."),
    ("run_task", "run_task", "container", "cw",
     "Run a one-off task, e.g. a database migration, and with wait_task_stopped follow it to its end with its logs."),
    ("set_repo_policy", "set_repo_policy", "container", "Cw", "Put a policy on an ECR repository."),
    ("ship", "ship", "default", "Cwd",
     "Check out the code, build its image, push it to Amazon ECR, deploy exactly this image to the service, and wait"
     " until it runs."),
    ("tag_image", "tag_image", "container", "", "Give new tags to an image that is in its repository."),
    ("tag_repo", "tag_repo", "container", "", "Set resource tags of an ECR repository."),
    ("wait_scan", "wait_scan", "container", "w",
     "Wait until Amazon ECR has scanned an image, and fail when it found something severe."),
    ("verify-revision-is-deployed", "verify-revision-is-deployed", "container", "w",
     "Follow the rollout of a task definition revision to its end, and fail when it fails."),
    ("verify_revision_is_deployed", "verify_revision_is_deployed", "container", "w",
     "Follow the rollout of a task definition revision to its end, and fail when it fails; with the parameter names of"
     " circleci/aws-ecs 4 and newer."),
]  # fmt: skip
# Command, the one it is another name of, description.
ALIASES = [
    ("deploy-service-update", "update-service",
     "Register a new revision of the task definition and update the service to it; the job of this name, as a step."),
    ("deploy_service_update", "update_service",
     "Register a new revision of the task definition and update the service to it; the job of this name, as a step."),
]  # fmt: skip

AUTH = """\
  auth:
    type: steps
    default: []
    description: >
      Steps that leave AWS credentials behind, as variables or as a profile, e.g. aws-cli/setup. None are needed when
      the project's variables hold the keys.
"""


def described(text, indent=0):
    pad = " " * indent
    if len(text) + indent <= 105:
        return f"{pad}description: {text}\n"
    lines = textwrap.wrap(text, 116 - indent, break_on_hyphens=False)
    return f"{pad}description: >\n" + "".join(f"{pad}  {line}\n" for line in lines)


def parameter(name, kind, default, text):
    return f"  {name}:\n    type: {kind}\n    default: {default}\n" + described(text, 4)


def command_parameters(name):
    """The text of a command's parameters, and their names; but for the one that jobs decide themselves."""
    text = (ORB / "commands" / f"{name}.yml").read_text()
    block = text[text.index("parameters:\n") + len("parameters:\n") : text.index("\nsteps:\n") + 1]
    block = re.sub(r"^  install[-_]slipway:\n(?:    .*\n)+", "", block, flags=re.M)
    return block, re.findall(r"^  ([\w-]+):$", block, re.M)


def spelled(name, command):
    return name if "-" in command else name.replace("-", "_")


def takes_in(letters, command, names):
    """Parameters and steps of what a job takes in before its command runs."""
    parameters, steps = "", ""

    def name(text):
        assert spelled(text, command) not in names
        return spelled(text, command)

    def add(letter, parameter_name, text, step):
        nonlocal parameters, steps
        if letter in letters.lower():
            default = "true" if letter.upper() in letters else "false"
            parameters += parameter(name(parameter_name), "boolean", default, text)
            steps += f"  - when:\n      condition: << parameters.{name(parameter_name)} >>\n      steps:\n{step}"

    add("c", "checkout", "Check the code out first.", "        - checkout\n")
    root = spelled("workspace-root", command)
    add("w", "attach-workspace", "Attach the workflow's workspace.",
        f"        - attach_workspace:\n            at: << parameters.{root} >>\n")  # fmt: skip
    if "w" in letters.lower():
        parameters += parameter(name("workspace-root"), "string", ".", "Where to attach the workspace.")
    add("d", "setup-remote-docker", "Ask CircleCI for a remote Docker engine; needed when the executor is a container.",
        "        - setup_remote_docker\n")  # fmt: skip
    return parameters, steps


VERSION = [
    ("version", 'Version of the slipway program. Empty: the one this orb was released with. "installed": whatever is'
                ' on PATH.'),
    ("download-url", "Where slipway's releases are, for a mirror. Empty means the project's own releases."),
    ("sha256-x86-64", "SHA-256 of slipway's x86-64 program; needed for another version than this orb's own."),
    ("sha256-arm64", "SHA-256 of slipway's arm64 program; needed for another version than this orb's own."),
]  # fmt: skip


def version_text(text):
    # A colon in a plain scalar would end it.
    return f"    description: >\n      {text}\n" if ": " in text else described(text, 4)


def job(command, executor, letters, description):
    block, names = command_parameters(command)
    parameters, steps = takes_in(letters, command, names)
    prefix = spelled("slipway-", command)
    version = "".join(
        f'  {prefix}{spelled(name, command)}:\n    type: string\n    default: ""\n{version_text(text)}'
        for name, text in VERSION
    )
    text = described(description) + "parameters:\n"
    text += parameter("executor", "executor", executor, "Executor of the job. It needs bash, and curl or wget.")
    text += AUTH + parameters + block + version + "executor: << parameters.executor >>\nsteps:\n" + steps
    text += "  - steps: << parameters.auth >>\n  - install:\n"
    for name, _ in VERSION:
        text += f"      {name}: << parameters.{prefix}{spelled(name, command)} >>\n"
    return text + called(command, "false", names)


def called(command, install, names):
    text = f"  - {command}:\n      {spelled('install-slipway', command)}: {install}\n"
    return text + "".join(f"      {name}: << parameters.{name} >>\n" for name in names)


def alias(command, description):
    block, names = command_parameters(command)
    own = spelled("install-slipway", command)
    block += f"  {own}:\n    type: boolean\n    default: true\n"
    block += "    description: Put slipway on PATH first. Nothing is done when an earlier step of the job did.\n"
    return described(description) + "parameters:\n" + block + "steps:\n" + called(command, f"<< parameters.{own} >>",
                                                                                  names)


def files():
    for name, command, description in ALIASES:
        yield ORB / "commands" / f"{name}.yml", alias(command, description)
    for name, command, executor, letters, description in JOBS:
        yield ORB / "jobs" / f"{name}.yml", job(command, executor, letters, description)


def differing():
    return [path for path, text in files() if not path.exists() or path.read_text() != text]


def main():
    if sys.argv[1:] == ["--write"]:
        for path, text in files():
            path.write_text(text)
    elif sys.argv[1:] == ["--check"]:
        names = [str(path.relative_to(ORB.parent)) for path in differing()]
        if names:
            sys.exit("these differ from their commands; run tests/orb/wrapped_jobs.py --write: " + ", ".join(names))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
