#!/usr/bin/env bash
# Everything that needs a Docker engine: docker-compose.yml, and the local stack in containers under the demo.
#
# Exit codes: 0 all of it held; 1 something did not; 75 this machine cannot run it (said aloud).
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

started_engine=no
if ! "$docker_dir/engine.sh" status 2>/dev/null; then started_engine=yes; fi
clean_up() {
  local code=$?
  trap - EXIT
  if [ "$started_engine" = yes ]; then "$docker_dir/engine.sh" down || true; fi
  exit "$code"
}
trap clean_up EXIT

lines=$("$docker_dir/engine.sh" up) || exit $?
if [ -n "$lines" ]; then export "${lines?}"; fi

"$docker_dir/verify-compose.sh"

say "the demo on a stack in containers"
cd "$repository_dir"
ASTROLABE_STACK=containers npm run demo
