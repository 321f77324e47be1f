package dev.cipherlink.chat;

/// One line of which rooms there are.
///
/// @param people how many are in it now
/// @param lastId the id of its last message that is kept; 0 if there is none
public record RoomSummary(String name, int people, long lastId) {
}
