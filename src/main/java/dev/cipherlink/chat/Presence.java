package dev.cipherlink.chat;

import java.time.Duration;

/// One line of who is here.
///
/// @param idle since the last request of any of their sessions
public record Presence(String name, boolean isAway, Duration idle) {
}
