/// What the log tells of clients.
///
/// Purpose: events with stable names of fields, and limits on lines that a client can cause.
///
/// Refuses: where the log goes, and how a line looks.
///
/// Threads: an event belongs to the thread that makes it; a limit may be shared.
package dev.cipherlink.audit;
