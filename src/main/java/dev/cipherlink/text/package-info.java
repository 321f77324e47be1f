/// Text that people read and write: durations and sizes, addresses of servers, JSON, escapes for terminals, and the one
/// exception whose message is shown to the user.
///
/// Purpose: pure functions and small values. Text that came from a peer goes through
/// [dev.cipherlink.text.TerminalText] before it reaches a terminal.
///
/// Refuses: settings, streams, terminals, sockets.
///
/// Threads: everything here is immutable or without state.
package dev.cipherlink.text;
