/// `store`: check, figures and copies of a store, also while a server has it open.
///
/// Purpose: [dev.cipherlink.cli.store.StoreCommand] is the command, [dev.cipherlink.cli.store.CopyCommands] the part for backups and
/// exports; [dev.cipherlink.cli.store.AdminSocket] is the local socket by which they ask a running server.
///
/// Refuses: anything over the network.
///
/// Threads: the socket is served by one platform thread for each request.
package dev.cipherlink.cli.store;
