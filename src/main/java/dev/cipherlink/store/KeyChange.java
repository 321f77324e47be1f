package dev.cipherlink.store;

/// What became of one key.
///
/// @param before how it was; [Cell#UNKNOWN] if nobody has looked: then what it leaves behind is taken away when it is applied
/// @param after  how it is now; its value is on the heap if it is another one
record KeyChange(Key key, Cell before, Cell after) {

    /// Both as one; `later` came behind this one.
    KeyChange then(KeyChange later) {
        return new KeyChange(key, before, later.after);
    }

    boolean isBlind() {
        return before == Cell.UNKNOWN;
    }

    /// The same for a key that was like this.
    KeyChange from(Cell stored) {
        return new KeyChange(key, stored, after);
    }

    /// How many entries more there are with it.
    int entries() {
        return (after.exists() ? 1 : 0) - (before.exists() ? 1 : 0);
    }

    /// Adds what it changes in the families of `database`.
    void addTo(BatchBuffer batch, Database database) {
        addRemovalsTo(batch, database);
        if (before.deadline != after.deadline && after.deadline != Cell.NO_DEADLINE) {
            batch.put(database.deadlines(), EntryCodec.deadlineKey(after.deadline, key), Database.NOTHING);
        }
        if (before.version != after.version && after.isLarge()) {
            batch.put(database.large(), EntryCodec.largeKey(key, after.version), after.value);
        }
        if (after.exists()) {
            EntryCodec.put(batch, database.entries(), key, after);
        } else {
            batch.delete(database.entries(), key.bytes());
        }
    }

    /// Adds that what it leaves behind goes: a deadline, a large value.
    void addRemovalsTo(BatchBuffer batch, Database database) {
        if (before.deadline != after.deadline && before.deadline != Cell.NO_DEADLINE) {
            batch.delete(database.deadlines(), EntryCodec.deadlineKey(before.deadline, key));
        }
        if (before.version != after.version && before.isLarge()) {
            batch.delete(database.large(), EntryCodec.largeKey(key, before.version));
        }
    }
}
