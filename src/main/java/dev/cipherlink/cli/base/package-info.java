/// The parts that every command of the program is made of.
///
/// Purpose: [dev.cipherlink.cli.base.ProgramCommand] and [dev.cipherlink.cli.base.ClientCommand] are the bases of commands;
/// [dev.cipherlink.cli.base.Syntax] describes arguments and options by calls, not annotations.
///
/// Refuses: to know which commands there are.
///
/// Threads: a command runs on the main thread.
package dev.cipherlink.cli.base;
