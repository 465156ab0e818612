#!/bin/sh
# Ends the job where a parameter asks for what the orb does not do.
set -eu
echo "error: $SLIPWAY_REFUSAL" >&2
exit 2
