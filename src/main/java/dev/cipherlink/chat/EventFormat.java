package dev.cipherlink.chat;

/// Makes bytes of events. Each event is encoded once, however many sessions are told of it.
@FunctionalInterface
public interface EventFormat {

    /// The bytes that subscribers get; shared by all of them.
    byte[] encode(ChatEvent event);
}
