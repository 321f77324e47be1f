package dev.cipherlink.store;

/// What a unit waits for when it commits.
public enum Durability {
    /// For the disk: survives the end of the process, of the system, and of the power, as far as the disk keeps its word.
    ALWAYS,
    /// For the system to have it: survives the end of the process. The disk follows within a second.
    EVERYSEC,
    /// As [#EVERYSEC], but when the disk follows is left to the system.
    OS
}
