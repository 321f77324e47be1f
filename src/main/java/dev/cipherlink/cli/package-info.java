/// The command line: from arguments to an exit status.
///
/// Purpose: [dev.cipherlink.cli.Main] starts the process, [dev.cipherlink.cli.Program] finds the command and turns a failure
/// into a line of text and an exit status. Small commands are here; `kv`, `forward`, `keys`, `store` and `bench` have a
/// package each, and what they share is in `dev.cipherlink.cli.base`.
///
/// Refuses: anything about the wire, and secrets as option values. No class but [dev.cipherlink.cli.Main] ends the process,
/// with the exception of a second termination signal to `serve`.
///
/// Streams: stdout carries answers only, stderr everything else.
///
/// Threads: a command runs on the main thread.
package dev.cipherlink.cli;
