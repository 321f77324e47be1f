/// `kv`: one command on the server, or many from a file or a pipe.
///
/// Purpose: [dev.cipherlink.cli.kv.KvCommand] is the command; a `ScriptRunner` pipelines the lines of a script, with their
/// answers in order.
///
/// Refuses: to change a value silently. A line that cannot be sent as it stands is refused with its number.
///
/// Threads: the main thread reads and sends; answers are written by the client's reading thread.
package dev.cipherlink.cli.kv;
