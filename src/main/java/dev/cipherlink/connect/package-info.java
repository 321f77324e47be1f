/// From settings to an authenticated connection.
///
/// Purpose: [dev.cipherlink.connect.CliClient] is a client made from settings, whose failures are lines for the user and
/// an exit status; the other classes load the keys of both sides and ask about a server that is new.
///
/// Refuses: the syntax of commands, and what is done with the connection.
///
/// Threads: used by the main thread; what a client allows otherwise stands in `dev.cipherlink.client`.
package dev.cipherlink.connect;
