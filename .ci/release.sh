#!/usr/bin/env bash
# The npm package of `astrolabe` as its users install it: from the tarball, with its dependencies from the registry, in an
# empty folder, with no script run. `npm test` holds the same package without a registry.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Node 24, which runs what is installed.
PATH="$PWD/node_modules/.bin:$PATH"
tarball=$(npm run --silent pack:cli)
version=$(node --print 'require("./package.json").version')

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund "$tarball"
installed=$(node_modules/.bin/astrolabe --version)
if [ "$installed" != "$version" ]; then
  echo "the installed command is $installed, and the repository is $version"
  exit 1
fi
# It has to load the Kafka client with its native codecs to say this.
code=0
answer=$(KAFKA_BROKERS=127.0.0.1:1 node_modules/.bin/astrolabe lag 2>&1) || code=$?
case "$code $answer" in
  "1 "*"127.0.0.1:1"*) echo "astrolabe $version installs from its tarball and runs" ;;
  *)
    echo "the installed command ended with $code: $answer"
    exit 1
    ;;
esac
