# shellcheck shell=bash disable=SC2034 # its variables are for the scripts that source it
# Sourced by the scripts of every folder here: what the exit codes mean, and how to speak.

# sysexits' EX_TEMPFAIL. `.ci/run` reads it as "this machine cannot do it": skipped aloud, not failed.
readonly EXIT_CANNOT_HERE=75

say() { printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

cannot() {
  say "cannot be done on this machine: $*"
  exit "$EXIT_CANNOT_HERE"
}
