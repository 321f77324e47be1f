package dev.cipherlink.chat;

/// Takes the events of one session. Thread-safe; called with locks of the chat held.
public interface Subscriber {

    /// Waits for no acknowledgement.
    Runnable NO_RECEIPT = () -> { };

    /// Takes an event, or refuses it because too many are waiting. Never blocks, takes no lock of a caller of the chat,
    /// and keeps the order of calls. After a refusal it has [ChatService#roomAgain] called once there is room.
    ///
    /// @param event   shared with other subscribers: must not be changed
    /// @param receipt called without locks of the chat when the client has acknowledged the event, by a thread that may
    ///                write to the [ChatRecords]; never if it does not
    boolean offer(byte[] event, Runnable receipt);

    /// Whether the client has a connection now.
    boolean isAttached();

    /// In which rooms the session is, or whether it takes part, has changed. Called with locks of the chat held.
    void moved();

    /// A request of somebody else has done that, and is run by the calling thread, which may write to the [ChatRecords].
    void movedByOther();

    /// Takes an event whose acknowledgement nobody waits for.
    default boolean offer(byte[] event) {
        return offer(event, NO_RECEIPT);
    }
}
