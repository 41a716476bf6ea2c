#!/bin/sh
# Builds the program, its unit tests and the fuzzers so that they find their own faults: `tools/sanitized.sh address` (with
# undefined behaviour) into build-address, `tools/sanitized.sh thread` into build-thread. By clang, because its runtimes are
# linked in: they bear what the tests preload, and write every report, of whichever process, to where log_path says.
set -eu
cd "$(dirname "$0")/.."
dir="build-$1"
case "$1" in
address) options="-Db_sanitize=address,undefined -Dfuzz=true" ;;
thread) options="-Db_sanitize=thread" ;;
*) exit 2 ;;
esac
cache=""
command -v ccache >/dev/null && cache="ccache "
if [ -d "$dir" ]; then
    meson setup --reconfigure "$dir"
else
    # SQLite is not what is looked at: the other build's serves, where there is one
    archive="$PWD/build/libsqlite3.a"
    [ ! -e "$archive" ] || options="$options -Dsqlite_archive=$archive"
    # shellcheck disable=SC2086 # a list of words
    CC="${cache}clang-14" CXX="${cache}clang++-14" meson setup "$dir" $options -Db_lundef=false -Dwerror=false
fi
# ICU keeps what it loaded: the build's own tools are not what is looked at
ASAN_OPTIONS=detect_leaks=0 ninja -C "$dir"
