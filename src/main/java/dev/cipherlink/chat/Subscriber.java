package dev.cipherlink.chat;

/// Takes the events of one session. Thread-safe; called with locks of the chat held.
@FunctionalInterface
public interface Subscriber {

    /// Takes an event, or refuses it because too many are waiting. Never blocks, takes no lock of a caller of the chat,
    /// and keeps the order of calls. After a refusal it has [ChatService#roomAgain] called once there is room.
    ///
    /// @param event shared with other subscribers: must not be changed
    boolean offer(byte[] event);
}
