#!/bin/sh
# Starts Cipherlink with the JVM of this image; starts no other process, unless this file was reached by a symbolic link.
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
case ${1-} in
    serve | demo | chat | forward | bench) jvm="@LONG@" ;;
    *) jvm="@SHORT@ -Dcipherlink.exit-at-once=true" ;;
esac
set -f
exec "$home/bin/java" @COMMON@ -XX:AOTCache="$home/@AOT_CACHE@" $jvm $more \
    -cp "$home/lib/app/cipherlink.jar" @MAIN_CLASS@ "$@"
