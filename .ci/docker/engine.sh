#!/usr/bin/env bash
# A Docker engine for this machine: the one that already answers, else one started here.
#
# usage: engine.sh up       prints DOCKER_HOST=... on standard output (`eval "$(engine.sh up)"`), everything else on standard error
#        engine.sh down     ends the engine that `up` started; leaves any other alone
#        engine.sh status   exits 0 when an engine answers and says which
#
# Exit codes: 0 done; 1 failed; 64 wrong usage; 75 no engine can be had on this machine.
# Images stay in the cache folder, so a second `up` finds what the first one built.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/settings.sh"

answers() { DOCKER_HOST=$1 timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null; }

# The address of an engine that answers: the one the caller chose, the machine's own, then the one started here.
find_engine() {
  command -v docker >/dev/null || return 1
  local host
  for host in "${DOCKER_HOST:-}" unix:///var/run/docker.sock "unix://$engine_socket"; do
    if [ -n "$host" ] && [ -n "$(answers "$host")" ]; then
      printf '%s\n' "$host"
      return 0
    fi
  done
  return 1
}

# The process id of the engine that `up` started, if it still runs. A pid file alone proves nothing: pids are reused.
own_engine_pid() {
  local pid
  pid=$(cat "$engine_pid_file" 2>/dev/null) || return 1
  tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "--data-root=$engine_data_dir" || return 1
  printf '%s\n' "$pid"
}

end_own_engine() {
  local pid
  pid=$(own_engine_pid) || return 0
  kill -TERM "$pid"
  # dockerd stops its containers first, and gives each ten seconds.
  for _ in $(seq 300); do
    if [ ! -e "/proc/$pid" ]; then return 0; fi
    sleep 0.1
  done
  say "dockerd (pid $pid) has not ended within 30 seconds of SIGTERM; killing it"
  kill -KILL "$pid"
}

# usage: try_dockerd FLAG...
try_dockerd() {
  rm -f "$engine_pid_file" "$engine_socket"
  setsid dockerd --host="unix://$engine_socket" --data-root="$engine_data_dir" --exec-root="$engine_run_dir/exec" \
    --pidfile="$engine_pid_file" "$@" </dev/null >"$engine_log" 2>&1 9>&- &
  local launcher=$!
  for _ in $(seq 300); do
    if [ -n "$(answers "unix://$engine_socket")" ]; then
      say "dockerd started (pid $(cat "$engine_pid_file"); flags: ${*:-none needed}; log: $engine_log)"
      return 0
    fi
    kill -0 "$launcher" 2>/dev/null || return 1
    sleep 0.1
  done
  say "dockerd does not answer after 30 seconds; ending it"
  end_own_engine
  return 1
}

start_engine() {
  [ "$(id -u)" -eq 0 ] || cannot "no Docker engine answers, and starting one takes root"
  if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
    install_packages docker.io iptables || cannot "no Docker engine answers, and none could be installed (Debian's package is docker.io)"
  fi
  mkdir -p "$engine_run_dir" "$engine_data_dir"
  # Plain first. Then without overlayfs (the cache folder may itself be on one), then without packet filter rules:
  # containers still reach each other and published ports still work, through dockerd's own proxy.
  try_dockerd && return 0
  try_dockerd --storage-driver=vfs && return 0
  try_dockerd --storage-driver=vfs --iptables=false --ip6tables=false && return 0
  tail -n 20 "$engine_log" >&2
  cannot "dockerd was started three ways (plain; storage driver vfs; vfs without iptables) and stopped each time; its last lines are above, its log is $engine_log"
}

case "${1:-}" in
  up)
    one_at_a_time
    if host=$(find_engine); then
      say "an engine already answers at $host (version $(answers "$host")); using it"
    else
      start_engine
      host=unix://$engine_socket
    fi
    printf 'DOCKER_HOST=%s\n' "$host"
    ;;
  down)
    one_at_a_time
    if pid=$(own_engine_pid); then
      end_own_engine
      # dockerd leaves its network name space mounted.
      umount "$engine_run_dir"/exec/netns/* 2>/dev/null || true
      rm -rf "$engine_run_dir"
      say "ended the engine that was started here (pid $pid)"
    else
      say "no engine was started here; nothing to end"
    fi
    ;;
  status)
    if host=$(find_engine); then
      say "version $(answers "$host") answers at $host"
    else
      say "no Docker engine answers"
      exit 1
    fi
    ;;
  *)
    say "usage: engine.sh up|down|status"
    exit 64
    ;;
esac
