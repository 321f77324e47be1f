/// The client library of Cipherlink: requests, watches, chat and forwarding over one encrypted connection.
///
/// Start with [dev.cipherlink.client.Client]; `docs/library.md` has examples. No part of it needs `--enable-preview`; libsodium is native, so
/// the JVM wants `--enable-native-access=com.sun.jna`.
@SuppressWarnings("requires-automatic") // JNA and Lazysodium have names in their manifests
module dev.cipherlink.client {
    requires com.goterl.lazysodium;
    requires com.sun.jna;
    requires jdk.net;
    requires org.slf4j; // of Lazysodium, which as an automatic module cannot say so
    requires tools.jackson.core;

    exports dev.cipherlink.client;
    exports dev.cipherlink.command;
    exports dev.cipherlink.crypto;
    exports dev.cipherlink.forward;
    exports dev.cipherlink.seal;
}
