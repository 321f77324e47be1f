package dev.cipherlink.session;

/// How far the oldest request without an answer has come.
///
/// @param doneBytes  of the request: what the peer has acknowledged; of an answer: what has arrived
/// @param totalBytes of all of it
/// @param isAnswer   whether the request is with the peer, and its answer arrives in parts
public record Progress(long doneBytes, long totalBytes, boolean isAnswer) {
}
