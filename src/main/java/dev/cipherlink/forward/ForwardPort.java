package dev.cipherlink.forward;

/// Where connections are accepted and forwarded: a listener of this machine, or one that the server has for us. Thread-safe.
public interface ForwardPort extends AutoCloseable {

    /// Address and target, for people: `127.0.0.1:8080 -> db:5432`.
    String name();

    /// Its connections and their totals.
    Forwards forwards();

    /// Whether other machines can connect.
    boolean isOfOthers();

    /// Accepts no more; connections that are forwarded by then go on. Idempotent.
    @Override
    void close();
}
