/// `store`: check, figures, backup and restore of a store, also while a server has it open.
///
/// Purpose: [dev.cipherlink.cli.store.StoreCommand] is the command; [dev.cipherlink.cli.store.AdminSocket] is the local socket
/// by which it asks a running server.
///
/// Refuses: anything over the network.
///
/// Threads: the socket is served by one virtual thread for each request.
package dev.cipherlink.cli.store;
