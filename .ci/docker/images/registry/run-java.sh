#!/usr/bin/env bash
set -euo pipefail
cd "$JAVA_APP_DIR"
# Many options in one variable, split on purpose.
# shellcheck disable=SC2086
exec java ${JAVA_OPTIONS:-} ${JAVA_OPTS_APPEND:-} -jar ./*-runner.jar
