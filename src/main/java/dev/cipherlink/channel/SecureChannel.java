package dev.cipherlink.channel;

import java.io.IOException;

/// An authenticated, encrypted packet stream in both directions over a connection, which the channel does not close.
///
/// Three threads may use it at once: one that calls [#receive]; one that holds the lock of the session, for [#reserve],
/// [#reserved], [#pendingBytes] and [#stage]; and one that holds the lock for writing, for [#writeStaged].
public interface SecureChannel extends AutoCloseable {

    /// The version byte of the packets: 1 or 2.
    int version();

    /// Name of the encryption, for people: in version 2 the Noise protocol name of the suite.
    String protocolName();

    /// The same in short: `hybrid` or `classic`, or `shared key` in version 1.
    String protection();

    /// Whether each packet carries exactly one message, rather than one or more.
    boolean isOneMessageAPacket();

    /// Whether both sides agreed to fill small packets up.
    boolean isPadded();

    /// Sets the largest message that the session negotiated; before that, both directions are kept to
    /// the limits for strangers (`docs/protocol.md`, "Limits").
    ///
    /// @param maxMessageBytes header included
    void establish(int maxMessageBytes);

    /// Requires from now on that each packet is the peer's next after the last one: not one of another connection, nor one that was
    /// held back, with none left out.
    void requireOrder();

    /// Receives and opens the next packet; [#received] then holds its plaintext until the next call. Blocks.
    ///
    /// @return false if the peer ended the stream between two packets
    /// @throws java.net.ProtocolException if a packet is malformed or does not authenticate: close, answer nothing
    boolean receive() throws IOException;

    /// Whether [#receive] would return without waiting for the network.
    boolean hasPacket();

    /// The array that holds the plaintext last received, from its start, [#receivedBytes] long.
    byte[] received();

    int receivedBytes();

    /// Reserves space for one message, which the caller then writes into [#reserved].
    ///
    /// @param messageBytes header included, not more than was established
    /// @return where the message starts
    /// @throws IOException if the channel is closed
    int reserve(int messageBytes) throws IOException;

    /// The array in which the message last reserved is to be written; valid until the next [#reserve] or [#stage].
    byte[] reserved();

    /// Bytes that wait to be staged, about.
    int pendingBytes();

    /// Seals what is pending and hands it to the next [#writeStaged].
    ///
    /// @return false if nothing is pending
    /// @throws IOException if the channel is closed
    boolean stage() throws IOException;

    /// Writes what was staged, with one call. Blocks while the peer does not read.
    void writeStaged() throws IOException;

    /// Drops memory that a connection at rest does not need, and the next message makes again. For a thread that holds both locks, the
    /// session's and the one for writing, while nothing is pending.
    void rest();

    /// Bytes taken from the connection so far, headers and tags included.
    long bytesIn();

    /// Bytes put on the connection so far, headers and tags included.
    long bytesOut();

    /// Wipes the keys that belong to the channel. Does not close the connection. Idempotent.
    @Override
    void close();
}
