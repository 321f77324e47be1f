/// The whole server, as a process of its own, whose process or disk fails under load.
///
/// The guarantees are in `docs/protocol.md` section 5 and in `docs/architecture.md`, "The store on disk": what was
/// acknowledged is there, each request ran once, and what cannot be kept is refused. The tests here know the program only
/// by its command line and by the client library; a class that stands for the process ([ServerProcess]) and one for a client
/// with its expectations ([ExactClient]) are shared by all.
package dev.cipherlink.crash;
