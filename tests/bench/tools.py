"""The tools that push, slipway among them, and how each is told what to do."""

import shutil


def from_archive(slipway):
    """Pushers of a docker-archive: name -> function of (archive, reference) giving argv."""
    return present({
        "slipway": lambda archive, ref: [slipway, "image", "push", f"docker-archive:{archive}", ref],
        "skopeo": lambda archive, ref: [
            "skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false",
            f"docker-archive:{archive}", f"docker://{ref}",
        ],
        "crane": lambda archive, ref: ["crane", "push", "--insecure", archive, ref],
        # Its configuration, which it reads from HOME, says nothing of TLS: --host does.
        "regctl": lambda archive, ref: [
            "regctl", "--host", f"reg={ref.split('/')[0]},tls=disabled", "image", "import", ref, archive,
        ],
    }, slipway)  # fmt: skip


def from_engine(slipway):
    """Pushers of the engine's image `name`: name -> function of (engine, name, reference)."""
    return present({
        "slipway": lambda engine, name, ref: [slipway, "image", "push", f"docker-daemon:{name}", ref],
        # The image has the reference's name by then.
        "docker": lambda engine, name, ref: ["docker", "--host", engine.host, "push", "--quiet", ref],
        "skopeo": lambda engine, name, ref: [
            "skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false",
            "--src-daemon-host", engine.host, f"docker-daemon:{name}", f"docker://{ref}",
        ],
    }, slipway)  # fmt: skip


def present(commands, slipway):
    """Those of which the program is there."""
    return {name: argv for name, argv in commands.items() if name == "slipway" or shutil.which(name)}


def versions(slipway):
    """Programs that tell their version, for the time they take to start."""
    commands = {"slipway": [slipway, "--version"]}
    for name, argv in {
        "skopeo": ["skopeo", "--version"],
        "crane": ["crane", "version"],
        "regctl": ["regctl", "version"],
        "aws": ["aws", "--version"],
    }.items():
        if shutil.which(argv[0]):
            commands[name] = argv
    return commands
