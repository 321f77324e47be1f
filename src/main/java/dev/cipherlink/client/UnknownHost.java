package dev.cipherlink.client;

import dev.cipherlink.crypto.PublicKey;
import java.util.List;

/// A server that is met for the first time.
///
/// @param host       as the user named it
/// @param port       1 .. 65,535
/// @param key        which it has proved to hold
/// @param otherNames under which a server with this key is known
public record UnknownHost(String host, int port, PublicKey key, List<String> otherNames) {
    public UnknownHost {
        otherNames = List.copyOf(otherNames);
    }
}
