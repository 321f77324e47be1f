package dev.cipherlink.fault;

import java.time.Duration;

/// The faults of one direction of one connection.
///
/// @param pieces in which writes they are passed on
/// @param delay  waited before what was read at once is passed on
/// @param fault  what goes wrong, once
/// @param at     before or at which byte it goes wrong, counted from 0
/// @param seed   for the sizes of the pieces and the bit that is turned over
public record Flow(Pieces pieces, Duration delay, Fault fault, long at, long seed) {

    /// Nothing happens.
    public static final Flow CLEAN = new Flow(Pieces.WHOLE, Duration.ZERO, Fault.NONE, 0, 0);

    public Flow with(Pieces newPieces) {
        return new Flow(newPieces, delay, fault, at, seed);
    }

    public Flow with(Duration newDelay) {
        return new Flow(pieces, newDelay, fault, at, seed);
    }

    public Flow with(Fault newFault, long newAt) {
        return new Flow(pieces, delay, newFault, newAt, seed);
    }

    public Flow withSeed(long newSeed) {
        return new Flow(pieces, delay, fault, at, newSeed);
    }
}
