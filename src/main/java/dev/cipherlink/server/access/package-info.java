/// Which clients may come in over version 2 of the wire, and their rights.
///
/// Purpose: a [dev.cipherlink.server.access.ClientDirectory] is asked after the handshake, and again for live connections
/// when it changes: a file of keys ([dev.cipherlink.server.access.AuthorizedKeys]), or any key, by name
/// ([dev.cipherlink.server.access.Enrolment]). [dev.cipherlink.server.access.ClientRights] are the options of a line. Also the
/// server's next key, and when keys were last used.
///
/// Refuses: handshakes, sessions, sockets.
///
/// Threads: any thread may ask; one thread refreshes, once a second.
///
/// Follows: `docs/security.md`, "Keys".
package dev.cipherlink.server.access;
