#!/bin/bash
# Makes echarts.js anew from the packages that package-lock.json pins, takes their licences, and
# writes the checksums. Needs npm and the network; nothing of the project's own build does.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cp package.json package-lock.json entry.js "$room"
(cd "$room" && npm ci --no-audit --no-fund --ignore-scripts)

modules=$room/node_modules
esbuild=("$modules"/@esbuild/*/bin/esbuild)
"${esbuild[0]}" "$room/entry.js" --bundle --minify --format=iife --global-name=echarts \
    --legal-comments=none --charset=ascii --target=es2020 --outfile=echarts.js

cp "$modules/echarts/NOTICE" licenses/NOTICE
cp "$modules/echarts/LICENSE" licenses/echarts
cp "$modules/echarts/licenses/LICENSE-d3" licenses/d3
cp "$modules/zrender/LICENSE" licenses/zrender
cp "$modules/tslib/LICENSE.txt" licenses/tslib
sha256sum echarts.js licenses/* >SHA256SUMS
