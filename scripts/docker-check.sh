#!/usr/bin/env bash
# Does what a Dockerfile does where there is no docker. Of its first stage: the commands, in a folder with nothing but
# the files that it copies. Instead of the second: make dist, which is what that runs. Of the last: a clean Debian of the
# packages that it names, the folder of make dist in /opt/augmix, and in it as its user, with a root file system that
# cannot be written, augmix doctor, a short training, and the same by two processes.
#
#   scripts/docker-check.sh [Dockerfile|Dockerfile.cuda] DIST     DIST: a folder of make dist, or of make dist CUDA=1
#
# It needs root, debootstrap (Debian's package), the network, and about 1 GB in TMPDIR, for CUDA 5 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "docker-check: $1" >&2; exit "${2:-1}"; }
[ $# = 2 ] || fail "usage: scripts/docker-check.sh Dockerfile DIST" 2
file=$1 dist=$2
[ -x "$dist/bin/augmix" ] || fail "$dist holds no bin/augmix; make dist makes such a folder" 2
[ "$(id -u)" = 0 ] || fail "it needs root, to enter another root" 2
command -v debootstrap >/dev/null || fail "debootstrap is missing; apt-get install debootstrap" 2

# What the file says, so that it and this script cannot differ.
value() { sed -n "s/^ARG $1=\"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" "$file"; }
packages=$(value RUNTIME_PACKAGES)
image=$(value RUNTIME_IMAGE)
user=$(sed -n 's/^USER //p' "$file")
if [ -z "$packages" ] || [ "${image#debian:12}" = "$image" ] || [ -z "$user" ]; then fail "cannot read the packages, image and user of $file"; fi

work=$(mktemp -d)
root=$work/root
trap 'rm -rf "$work"' EXIT

echo "docker-check: the first stage of $file with its files alone"
mkdir "$work/first"
sed -n '/ AS libtorch$/,/^FROM libtorch /p' "$file" | sed -e :a -e '/\\$/N; s/\\\n//; ta' | while read -r what line; do
    read -ra words <<<"$line"
    case $what in
    COPY) mkdir -p "$work/first/${words[-1]}" && cp "${words[@]::${#words[@]}-1}" "$work/first/${words[-1]}" ;;
    RUN) (cd "$work/first" && bash -euc "$line") ;;
    esac
done

echo "docker-check: Debian 12 with $packages in $root"
debootstrap --variant=minbase --include="${packages// /,}" bookworm "$root" >"$root.log" 2>&1 || { tail "$root.log"; fail "debootstrap failed"; }
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
base=$(du -sm "$root" | cut -f1)
mkdir -p "$root/opt" "$root/workspace" "$root/data" "$root/out"
chown "$user" "$root/workspace" "$root/out"
cp -r "$dist" "$root/opt/augmix"
echo "docker-check: the base is $base MB on disk (debian's slim images leave out documentation), with augmix $(du -sm "$root" | cut -f1) MB"

# inside runs augmix as a container would: its own processes and mounts, the image read-only, the volumes not.
inside() {
    # shellcheck disable=SC2016 # The inner shell has these.
    unshare --mount --pid --net --ipc --fork bash -euc '
        root=$1 user=$2; shift 2
        ip link set lo up 2>/dev/null || true
        mount --bind "$root" "$root"
        mount -o remount,bind,ro "$root"
        mount -t proc proc "$root/proc"
        for dir in /dev/shm /tmp /out; do mount -t tmpfs -o mode=1777 tmpfs "$root$dir"; done
        for file in null zero urandom; do mount --bind /dev/$file "$root/dev/$file"; done
        exec chroot --userspec="$user" "$root" env -i PATH=/opt/augmix/bin:/usr/bin:/bin sh -euc "cd /workspace; $*"
    ' bash "$root" "$user" "$@"
}
for name in null zero urandom; do [ -e "$root/dev/$name" ] || touch "$root/dev/$name"; done
train="augmix train --dataset shapes --layers 10 --widen-factor 1 --limit-train 96 --limit-eval 20 --epochs 1 --batch-size 32 --threads 1 --quiet"
# shellcheck disable=SC2016
inside 'test "$(id -u)" = 10001; if touch /opt/augmix/x 2>/dev/null; then exit 1; fi; augmix --version; augmix doctor'
inside "$train --save /out/one; $train --save /out/two --procs 2; ls /out/one /out/two/checkpoints"
echo "docker-check: $file: well"
