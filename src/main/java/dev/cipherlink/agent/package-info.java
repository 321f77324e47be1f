/// Secret keys in a process of their own, which computes with them and never gives them out.
///
/// Purpose: [dev.cipherlink.agent.Agent] holds the keys of private key files that have a passphrase;
/// [dev.cipherlink.agent.AgentClient] is the side of the commands that use them.
///
/// Refuses: other users. The socket has mode 0600 in a folder with mode 0700, on a path that no other user can change
/// ([dev.cipherlink.crypto.TrustedPath]), and each side asks the kernel for the user at the other end.
///
/// A connection is one request and its answer, big-endian: version 1, the request, four bytes of length, and that many bytes; the answer
/// is a status, four bytes of length, and that many bytes. Both ends are of one machine, and often of one version: an agent refuses
/// another version in words.
///
/// Threads: the agent has a virtual thread for each connection, for five seconds at most.
package dev.cipherlink.agent;
