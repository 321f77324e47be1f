/// The log of the program: levels, form of a line, and where it goes.
///
/// Purpose: [dev.cipherlink.log.LogConfiguration] sets up the JDK's logging for the process, [dev.cipherlink.log.LogOutput] writes lines.
///
/// Refuses: stack traces below the level at which they were asked for; control characters of peers.
///
/// Threads: levels are configured once, before other threads start; the output may be changed at any time.
package dev.cipherlink.log;
