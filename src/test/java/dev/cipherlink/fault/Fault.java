package dev.cipherlink.fault;

/// The action due when a certain byte is about to pass. Everything before that byte is passed on.
public enum Fault {
    /// Nothing.
    NONE,
    /// Both connections are closed, as by a program that ends.
    CUT,
    /// Both connections are reset.
    RESET,
    /// The one who sent the byte gets a reset, the other an end of the stream.
    RESET_SENDER,
    /// The one who waits for the byte gets a reset, the other an end of the stream.
    RESET_RECEIVER,
    /// The receiver sees the end of the stream; bytes sent that way are lost, and the other direction goes on.
    HALF_CLOSE,
    /// One bit of the byte is turned over, and all goes on.
    FLIP,
    /// From now on both directions are lost, and both connections stay open: a cable was pulled.
    BLACK_HOLE,
    /// This direction is not read any more until [FaultProxy#resumeReading]: a reader that is busy elsewhere.
    STALL
}
