#!/bin/sh
# Starts Cipherlink with the JVM of this image.
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
command= before= last=
for word; do
    [ "$command" ] || case $word in
        serve | forward | gateway | chat | demo | bench | kv | completion | agent) command=$word ;;
    esac
    before=$last last=$word
done
options="@SHORT@" stays=
case $command in
    serve | forward | gateway | chat | demo | bench) options="@LONG@" ;;
esac
# What stays until it is told to end takes the place of this shell: signals to a process group and kill -9 would miss one of two.
# So does the prompt of `kv`, for Ctrl-C and Ctrl-Z; no command follows it, so its last word is `kv`, an option or the value of one.
case $command in
    serve | gateway | chat | demo) stays=true ;;
    forward) case " $* " in *" --stdio"*) ;; *) stays=true ;; esac ;;
    agent) case " $* " in *" unlock "* | *" list "* | *" lock "* | *" stop "* | *" --help "* | *" -h "*) ;; *) stays=true ;; esac ;;
    kv) case "$before $last" in *" kv" | -* | *" -"*) [ ! -t 0 ] || stays=true ;; esac ;;
esac
set -f
jvm() {
    exec "$home/@JVM@" @COMMON@ -XX:AOTCache="$home/@AOT_CACHE@" $options $more -cp "$home/lib/app/cipherlink.jar" "$@"
}
did_not_start() {
    echo "cipherlink: Java did not start, for the reason above: too little memory, address space (ulimit -v) or processes," \
        "MemoryDenyWriteExecute, or a wrong option in CIPHERLINK_JAVA_OPTS" >&2
    exit 70
}
# A JVM that cannot start ends with 1, which means something else of a command. If this shell is gone by then, the JVM is tried
# before, for as much processor time as `--version` takes.
if [ "$stays" ]; then
    # What RocksDB has freed goes back to the system, instead of staying in heaps of the C library, of which each thread may have one.
    export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX-2}" MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_-131072}" \
        MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_-131072}"
    why=$(jvm -version 2>&1 </dev/null) || { printf '%s\n' "$why" >&2; did_not_start; }
    jvm $closed @MAIN_CLASS@ "$@"
fi
# Else this shell waits, for a millisecond of processor time, and the program says 101 for 1. Signals are passed on. A shell gives
# what runs beside it no stdin unless it has another number.
exec 9<&0
jvm -Dcipherlink.one-shot=true $closed @MAIN_CLASS@ "$@" <&9 9<&- &
exec 9<&-
pid=$!
signal=
trap 'signal=130; kill -TERM $pid 2>/dev/null' INT
trap 'signal=143; kill -TERM $pid 2>/dev/null' TERM
trap 'signal=129; kill -HUP $pid 2>/dev/null' HUP
wait $pid
status=$?
while [ "$signal" ] && kill -0 $pid 2>/dev/null; do
    wait $pid
    status=$?
done
case $status in
    101) exit 1 ;;
    1) did_not_start ;;
esac
exit ${signal:-$status}
