"""Stands in for Amazon ECS, CodeDeploy and the logs of containers, on loopback and in simulated time:

    ecs_standin.py [SCENARIO.json]

See ecs_standin/world.py for scenarios and ecs_standin/server.py for what controls it.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "ecs_standin"))

import server  # noqa: E402


def main():
    scenario = json.loads(Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else None
    server.Server(scenario).run()


if __name__ == "__main__":
    main()
