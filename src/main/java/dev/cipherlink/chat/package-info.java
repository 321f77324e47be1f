/// The chat: people, rooms, messages, and the events about them.
///
/// Purpose: [dev.cipherlink.chat.ChatService] is the one entrance. The server opens a [dev.cipherlink.chat.ChatSession] for a
/// client, hands in a [dev.cipherlink.chat.ChatSession.Subscriber] that takes its events, and closes the session when it ends
/// for good. State that outlives the process goes through a [dev.cipherlink.chat.ChatLog] to
/// [dev.cipherlink.chat.ChatLog.ChatRecords], which are handed in; others hear of a request when it is settled there.
///
/// Refuses: sockets, the text of commands (events are [dev.cipherlink.command.Event]s, each encoded once for all that are told),
/// keys, what a room or a name may look like. A request that breaks a rule of the chat is answered by a
/// [dev.cipherlink.chat.ChatService.ChatException] whose message can be sent to the peer as it is.
///
/// Threads: any thread may call anything. Nothing waits for a client: a subscriber takes an event at once or refuses it,
/// and a client that reads too slowly is told later how much it missed. Locks, outer first: a person's presence, then a
/// room, then a session. `People` has a lock of its own inside which only sessions are locked.
///
/// Follows: `docs/protocol.md` section 7.
package dev.cipherlink.chat;
