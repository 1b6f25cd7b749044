#!/usr/bin/env bash
# Builds the image without a Docker engine and tries it: tools/try_image.sh
# For Debian 12 or a relative of it, as root; buildah and mmdebstrap come from Debian's packages. Nothing is pulled: the
# base image is made of Debian's packages and of a Python 3.11 that has a prefix of its own (PYTHON=..., default python3),
# under the name that the Dockerfile asks for. All of it lies in one temporary folder (WORK=... keeps it).
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
base=$(sed -n 's/^ARG PYTHON=//p' Dockerfile)
prefix=$("$python" -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version; print(sys.base_prefix)')
if [ "$(id -u)" != 0 ] || [ "$prefix" = /usr ]; then
    echo "Run this as root, and name a Python 3.11 with a prefix of its own, not Debian's: PYTHON=/opt/python/bin/python3" >&2
    exit 2
fi
for tool in buildah mmdebstrap; do
    command -v "$tool" >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$tool" >/dev/null
done

if [ -n "${WORK:-}" ]; then
    work=$WORK
    mkdir -p "$work"
else
    work=$(mktemp -d)
    trap 'buildah umount --all >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
fi
buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver "${STORAGE_DRIVER:-overlay}" "$@"; }

echo "== the base, as python:*-slim-bookworm is made: Debian without documents, Python in /usr/local" >&2
if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    mmdebstrap --quiet --variant=minbase \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include=ca-certificates,netbase,tzdata,libbz2-1.0,libdb5.3,libexpat1,libffi8,libgdbm6,liblzma5,libncursesw6,libnsl2,libreadline8,libsqlite3-0,libssl3,libtirpc3,libuuid1,zlib1g \
        bookworm "$work/debian.tar"
    container=$(buildah from scratch)
    root=$(buildah mount "$container")
    tar -C "$root" -xf "$work/debian.tar"
    tar -C "$prefix" -c --exclude='lib/python3.11/site-packages/*' --exclude=__pycache__ --exclude=test --exclude='*.a' \
        bin/python3.11 lib | tar -C "$root/usr/local" -x
    ln -s python3.11 "$root/usr/local/bin/python3"
    ln -s python3.11 "$root/usr/local/bin/python"
    find "$root/usr/local/lib" -name '*.so*' -type f -exec strip --strip-debug {} + 2>/dev/null || true
    chroot "$root" /sbin/ldconfig
    chroot "$root" /usr/local/bin/python -m ensurepip >/dev/null
    buildah umount "$container" >/dev/null
    buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 "$container"
    buildah commit --quiet --rm "$container" "$base" >/dev/null
    rm "$work/debian.tar"
fi

echo "== the image" >&2
# pip asks this machine's index and trusts this machine's certificates while it builds; neither gets into a layer.
{
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
    index=$("$python" -m pip config get global.index-url 2>/dev/null) && printf 'index-url = %s\n' "$index"
} >"$work/pip.conf" || true
buildah build --quiet --isolation chroot --pull-never --format docker --layers \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro --secret id=pip.conf,src="$work/pip.conf" --tag aiterms .

echo "== the trial" >&2
rm -f "$work/image.tar"
buildah push --quiet aiterms "docker-archive:$work/image.tar"
container=$(buildah from --pull-never aiterms)
root=$(buildah mount "$container")
.venv/bin/python -m tools.image_trial "$work/image.tar" "$root"
buildah umount "$container" >/dev/null
buildah rm "$container" >/dev/null
