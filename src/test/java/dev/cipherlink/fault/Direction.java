package dev.cipherlink.fault;

/// Which way bytes go.
public enum Direction {
    TO_SERVER,
    TO_CLIENT
}
