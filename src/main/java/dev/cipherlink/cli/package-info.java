/// The command line: arguments, environment, configuration files, terminal and exit status.
///
/// Purpose: one class a command ([dev.cipherlink.cli.ServeCommand], [dev.cipherlink.cli.KvCommand] ...), the table of
/// every setting ([dev.cipherlink.cli.Setting]) with where its value came from ([dev.cipherlink.cli.Settings]), and
/// the one place that turns a failure into a line of text and an exit status ([dev.cipherlink.cli.Program]).
///
/// Refuses: anything about the wire, and secrets as option values. Only this package reads arguments, environment
/// variables or the terminal; everything below it gets config records. No class but [dev.cipherlink.cli.Main] ends
/// the process, with the exception of a second termination signal to `serve`.
///
/// Streams: stdout carries answers only, stderr everything else. Text that came from a peer is escaped before it
/// reaches a terminal ([dev.cipherlink.cli.TerminalText]).
///
/// The prompt of `chat` and `demo` is put together by [dev.cipherlink.cli.Chat]; only it and what it makes know JLine.
///
/// Threads: a command runs on the main thread. Reply handlers run on the client's reader thread and share nothing with
/// it but what they lock or hand over themselves.
package dev.cipherlink.cli;
