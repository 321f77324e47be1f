/// The log of the program: levels, form of a line, and the handler on stderr.
///
/// Purpose: [dev.cipherlink.log.LogConfiguration] sets up the JDK's logging for the process.
///
/// Refuses: stack traces below the level at which they were asked for; control characters of peers.
///
/// Threads: configured once, before other threads start.
package dev.cipherlink.log;
