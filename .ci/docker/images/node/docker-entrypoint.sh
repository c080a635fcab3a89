#!/bin/sh
set -e

# A first argument that is an option, or no command on the path, is meant for node.
case "${1:-}" in
  -*) set -- node "$@" ;;
  *) command -v "${1:-node}" >/dev/null 2>&1 || set -- node "$@" ;;
esac

exec "$@"
