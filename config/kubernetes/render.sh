#!/bin/sh
# Prints the manifests of a bot of so many shards: config/kubernetes/render.sh 8 | kubectl apply -f -
# Without what all shards share: render.sh 8 --shards-only. The Secret is yours to make (secret.example.yaml).
set -eu
here=$(dirname "$0")
shards=${1:-}
case $shards in
    '' | *[!0-9]* | 0*) echo "usage: $0 NUMBER_OF_SHARDS [--shards-only]" >&2; exit 2 ;;
esac
[ "${2:-}" = --shards-only ] || cat "$here/common.yaml"
shard=0
while [ "$shard" -lt "$shards" ]; do
    echo ---
    sed -e "s/SHARDS-SHARD/$shards-$shard/g" -e "s/\"SHARDS\"/\"$shards\"/g" -e "s/\"SHARD\"/\"$shard\"/g" "$here/shard.yaml"
    shard=$((shard + 1))
done
