#!/bin/sh
# Starts Cipherlink with the JVM of this image. For commands that stay, the JVM takes the place of this shell; for the others
# the shell waits for it.
# CIPHERLINK_JAVA_OPTS may hold more options for the JVM, separated by spaces, such as -Xmx4g.
self=$0
case $self in */*) ;; *) self=$(command -v -- "$self") ;; esac
while [ -h "$self" ]; do
    link=$(readlink "$self")
    case $link in
        /*) self=$link ;;
        *) self=${self%/*}/$link ;;
    esac
done
case $self in /*) ;; *) self=$PWD/$self ;; esac
case $self in
    */bin/cipherlink) home=${self%/bin/cipherlink} ;;
    *) home=${self%/*}/.. ;;
esac
# These would make the JVM print a line of its own, or load what is not part of the image.
unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH
# Else RocksDB asks a shell, `ldd` and `grep` which C library this is.
export ROCKSDB_MUSL_LIBC=false
# The program takes every other CIPHERLINK_ variable for a setting.
more=${CIPHERLINK_JAVA_OPTS-}
unset CIPHERLINK_JAVA_OPTS
# A stream that is closed would be taken by the next file that the JVM opens. Here reading or writing it fails instead.
closed=
{ true 9<&0; } 2>/dev/null || { closed=-Dcipherlink.stdin-closed=true; exec 0>/dev/null; }
{ true 9>&1; } 2>/dev/null || exec 1</dev/null
true 9>&2 || exec 2>/dev/null
long=
for word; do
    case $word in
        serve | demo | chat | forward | bench) long=$word; break ;;
        kv | completion) break ;;
    esac
done
did_not_start() {
    echo "cipherlink: Java did not start, for the reason above: too little memory, address space (ulimit -v) or processes," \
        "MemoryDenyWriteExecute, or a wrong option in CIPHERLINK_JAVA_OPTS" >&2
    exit 70
}
set -f
if [ "$long" ]; then
    # What RocksDB has freed goes back to the system, instead of staying in heaps of the C library, of which each thread may have one.
    export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX-2}" MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_-131072}" \
        MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_-131072}"
    # Who watches over a server reads its status, and this shell is gone by the time that its JVM ends: so it is tried before.
    [ "$long" != serve ] || why=$("$home/bin/java" @COMMON@ -XX:AOTCache="$home/@AOT_CACHE@" @LONG@ $more \
        -cp "$home/lib/app/cipherlink.jar" -version 2>&1) || { printf '%s\n' "$why" >&2; did_not_start; }
    exec "$home/bin/java" @COMMON@ -XX:AOTCache="$home/@AOT_CACHE@" @LONG@ $closed $more \
        -cp "$home/lib/app/cipherlink.jar" @MAIN_CLASS@ "$@"
fi
# A JVM that cannot start ends with 1, which means something else of a command: so this one stays, and the program says 101
# for 1. Signals are passed on. A shell gives what runs beside it no stdin unless it has another number.
exec 9<&0
"$home/bin/java" @COMMON@ -XX:AOTCache="$home/@AOT_CACHE@" @SHORT@ -Dcipherlink.one-shot=true $closed $more \
    -cp "$home/lib/app/cipherlink.jar" @MAIN_CLASS@ "$@" <&9 9<&- &
exec 9<&-
jvm=$!
signal=
trap 'signal=130; kill -TERM $jvm 2>/dev/null' INT
trap 'signal=143; kill -TERM $jvm 2>/dev/null' TERM
trap 'signal=129; kill -HUP $jvm 2>/dev/null' HUP
wait $jvm
status=$?
while [ "$signal" ] && kill -0 $jvm 2>/dev/null; do
    wait $jvm
    status=$?
done
case $status in
    101) exit 1 ;;
    1) did_not_start ;;
esac
exit ${signal:-$status}
