#!/usr/bin/env bash
# A rolling upgrade from the commit before to this one, and back, under traffic and faults: one minute of chaos in which
# instances of both work side by side. Exits 75 in a copy without that history, as `npm run chaos` says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

npm run --silent chaos -- --upgrade-from HEAD~1 --seed 1 --minutes 1 --events 2000 --shrink-minutes 0
