#!/bin/sh
# Lays out the root of the image in /image: Python without what only builds or installs, and of Debian the libraries that
# it and /opt/aiterms load. No shell, no package manager, no program with other rights. Runs while the image is built.
set -eu
python=/usr/local/lib/python3.11
image=/image

mkdir -p "$image/usr/local/bin" "$image/usr/local/lib" "$image/usr/lib" "$image/usr/lib64" "$image/etc" "$image/var/lib/dpkg/status.d"
ln -s usr/lib "$image/lib"
ln -s usr/lib64 "$image/lib64"
install -d -m 1777 "$image/tmp"
install -d -o 10001 -g 10001 -m 700 "$image/data"

cp -a "$python" /usr/local/lib/libpython3* "$image/usr/local/lib/"
cp -a /usr/local/bin/python /usr/local/bin/python3 /usr/local/bin/python3.11 "$image/usr/local/bin/"
cd "$image$python"
rm -rf site-packages/* ensurepip idlelib lib2to3 pydoc_data tkinter turtle.py turtledemo distutils config-3.11-*
find . -depth -type d \( -name test -o -name tests -o -name __pycache__ \) -exec rm -rf {} +
# Modules in C for tests, for Tk, and for network services and databases of old.
(cd lib-dynload && rm -f _*test*.so xx*.so _tkinter.*.so nis.*.so _dbm.*.so _gdbm.*.so)
python -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$image" .

# What the loader finds for all of them, at the same place; a library that it does not find ends the build.
find "$image" /opt/aiterms -type f \( -name '*.so*' -o -name python3.11 \) -exec ldd {} + >/tmp/loaded
if grep -F 'not found' /tmp/loaded; then exit 1; fi
awk '$2 == "=>" { $1 = $3 } $1 ~ "^/(usr/)?lib(64)?/" { print $1 }' /tmp/loaded | sort -u >/tmp/libraries
# Loaded by name when a thread ends.
find /lib/ -name libgcc_s.so.1 >>/tmp/libraries
while read -r library; do
    cp -L --parents "$library" "$image"
    # What a scanner wants to know: the package and its version.
    package=$(dpkg-query --search "*/$(basename "$library")" | sed 's/[:,].*//; q')
    dpkg-query --status "$package" >"$image/var/lib/dpkg/status.d/$package"
done </tmp/libraries
cp -a /etc/ld.so.conf /etc/ld.so.conf.d "$image/etc/"
ldconfig -r "$image"

printf 'root:x:0:0:root:/:/nologin\naiterms:x:10001:10001:aiterms:/data:/nologin\n' >"$image/etc/passwd"
printf 'root:x:0:\naiterms:x:10001:\n' >"$image/etc/group"
printf 'hosts: files dns\n' >"$image/etc/nsswitch.conf"
cp /etc/os-release "$image/etc/"
