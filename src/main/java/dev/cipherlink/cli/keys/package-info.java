/// `keygen`, `keys` and `authorize`: making keys, and saying whom a server lets in.
///
/// Purpose: one class a command.
///
/// Refuses: to overwrite a key, to print a secret, to follow a link in a folder that another user may write.
///
/// Threads: a command runs on the main thread.
package dev.cipherlink.cli.keys;
