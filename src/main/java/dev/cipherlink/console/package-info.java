/// The process and its terminal: standard streams, environment, signals, questions to the user.
///
/// Purpose: [dev.cipherlink.console.ProcessEnvironment] is what a process is given (a test gives another one);
/// [dev.cipherlink.console.Output] writes answers to stdout and everything else to stderr.
///
/// Refuses: settings, connections. Secrets are asked for without echo, and never taken from arguments.
///
/// Threads: an output may be used from any thread.
package dev.cipherlink.console;
