package dev.cipherlink.chat;

import java.util.Optional;

/// Who wants to take part.
///
/// @param name       what others see; ASCII
/// @param key        what makes two sessions those of the same person, and gives the name to it alone; empty where the
///                   name is a claim, which the first session that makes it holds
/// @param isOperator whether it may send others out and silence them
public record ChatIdentity(String name, Optional<String> key, boolean isOperator) {
}
