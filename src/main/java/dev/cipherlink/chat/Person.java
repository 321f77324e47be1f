package dev.cipherlink.chat;

import java.util.LinkedHashSet;
import java.util.Set;

/// Who holds a name now, with all sessions. Guarded by [People]. Its own monitor orders what
/// others are told of its being away.
final class Person {

    private final String name;
    private final Object owner;
    private final Allowance allowance;
    /// Those that have claimed the name.
    final Set<ChatSession> sessions = new LinkedHashSet<>();
    /// Those that take part: they get direct messages.
    final Set<ChatSession> present = new LinkedHashSet<>();
    /// Read without a lock by every request.
    private volatile boolean isAway;

    Person(String name, Object owner, Allowance allowance) {
        this.name = name;
        this.owner = owner;
        this.allowance = allowance;
    }

    String name() {
        return name;
    }

    Object owner() {
        return owner;
    }

    Allowance allowance() {
        return allowance;
    }

    boolean isAway() {
        return isAway;
    }

    void setAway(boolean away) {
        isAway = away;
    }
}
