#!/usr/bin/env bash
# `docker compose` (v2) and `docker buildx` for the docker command of this machine: those it has, else built here from their
# Go modules, into a private configuration folder.
#
# usage: plugins.sh   prints DOCKER_CONFIG=... on standard output where a private folder is needed, nothing where it is not
#
# Exit codes: 0 done; 1 failed; 75 there is neither the plugin nor the means to build it.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

readonly COMPOSE_VERSION=v2.40.3
readonly BUILDX_VERSION=v0.38.2

config_dir=$cache_dir/docker-config
plugins_dir=$config_dir/cli-plugins

runs() { docker "$1" version >/dev/null 2>&1; }

# `go install` refuses a module whose go.mod has replace or exclude lines, and these have: build in a copy of the module's folder.
# usage: build_plugin NAME MODULE VERSION PACKAGE VERSION_VARIABLE WORK_DIR
build_plugin() (
  set -e
  module_dir=$(go mod download -json "$2@$3" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
  cp -r "$module_dir" "$6/module"
  chmod -R u+w "$6/module"
  cd "$6/module"
  CGO_ENABLED=0 nice -n 15 go build -trimpath -buildvcs=false -ldflags "-s -w -X $5=$3" -o "$6/docker-$1" "$4"
)

# usage: ensure NAME MODULE VERSION PACKAGE VERSION_VARIABLE
ensure() {
  local work_dir
  if runs "$1"; then return 0; fi
  command -v go >/dev/null || cannot "docker has no $1 plugin, and without Go none can be built from its module"
  say "building docker $1 $3 from its Go module (two to three minutes, once: it is kept in $plugins_dir)"
  work_dir=$(mktemp -d "$cache_dir/build.XXXXXX")
  # The rename comes last, so that a build that was cut short leaves no plugin that looks whole.
  if quietly "build-$1" build_plugin "$@" "$work_dir" && mv "$work_dir/docker-$1" "$plugins_dir/docker-$1"; then
    rm -rf "$work_dir"
    return 0
  fi
  rm -rf "$work_dir"
  cannot "docker $1 $3 could not be built from its Go module"
}

command -v docker >/dev/null || cannot "there is no docker command (engine.sh up installs it)"
if runs compose && runs buildx; then exit 0; fi

one_at_a_time
mkdir -p "$plugins_dir"
export DOCKER_CONFIG=$config_dir
ensure compose github.com/docker/compose/v2 "$COMPOSE_VERSION" ./cmd github.com/docker/compose/v2/internal.Version
ensure buildx github.com/docker/buildx "$BUILDX_VERSION" ./cmd/buildx github.com/docker/buildx/version.Version
printf 'DOCKER_CONFIG=%s\n' "$config_dir"
