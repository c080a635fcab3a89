# shellcheck shell=bash disable=SC2034 # its variables are for the scripts that source it
# Sourced by every script of this folder: where things are kept.

docker_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$docker_dir/../cannot-here.sh"
repository_dir=$(cd -- "$docker_dir/../.." && pwd)
# Beside what the tests' own stack downloads.
cache_dir=${ASTROLABE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/astrolabe-pipeline}/docker
mkdir -p "$cache_dir"
cache_dir=$(cd -- "$cache_dir" && pwd)

# A unix socket's path may have 107 bytes and the cache folder's any number, so the engine's sockets live under /run,
# told apart by the cache folder they belong to.
engine_run_dir=${ASTROLABE_ENGINE_RUN_DIR:-/run/astrolabe-docker-$(printf %s "$cache_dir" | cksum | cut -d ' ' -f 1)}
engine_socket=$engine_run_dir/docker.sock
engine_pid_file=$engine_run_dir/dockerd.pid
engine_log=$cache_dir/dockerd.log
engine_data_dir=$cache_dir/engine

# Two runs at a time would build in each other's folders. The second waits; the lock goes with the process that holds it.
one_at_a_time() {
  exec 9>"$cache_dir/$(basename -- "$0" .sh).lock"
  flock --nonblock 9 || { say "another run is under way; waiting for it" && flock 9; }
}

# Runs a command whose output matters only when it fails; then shows the end of it.
# usage: quietly LOG_NAME COMMAND...
quietly() {
  local log=$cache_dir/$1.log
  shift
  if "$@" >"$log" 2>&1; then return 0; fi
  say "failed: $* (the whole output is in $log)"
  tail -n 20 "$log" >&2
  return 1
}

# Installs Debian packages where that is possible; 1 where it is not.
# usage: install_packages PACKAGE...
install_packages() {
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
  say "installing $* with apt-get"
  quietly apt-update apt-get update || return 1
  DEBIAN_FRONTEND=noninteractive quietly apt-install apt-get install -y --no-install-recommends "$@"
}
