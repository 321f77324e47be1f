/// Requests, answers and events of peers, as bytes and as objects.
///
/// Purpose: a request's payload becomes a [dev.cipherlink.command.Command] (by
/// [dev.cipherlink.command.CommandParser]), an answer is a [dev.cipherlink.command.Reply], and what a server tells
/// without being asked is an [dev.cipherlink.command.Event]. The text format of all three is here and nowhere else.
///
/// Refuses: running a command (the server does), storing anything, sockets, sessions, permissions. A payload that is not a
/// command is refused with a [dev.cipherlink.command.CommandParser.CommandException] whose message can be sent to the peer as
/// it is: one line that says what to do.
///
/// Speed: parsing works on bytes and allocates little more than what the command keeps.
///
/// Threads: everything here is immutable or without state, and may be used from any thread; nothing blocks. Arrays
/// inside commands and replies are handed over without a copy and must not be changed.
///
/// Follows: `docs/protocol.md` section 7.
package dev.cipherlink.command;
