package dev.cipherlink.store;

/// What became of one key.
///
/// @param before how it was
/// @param after  how it is now; its value is on the heap if it is another one
record KeyChange(Key key, Cell before, Cell after) {

    /// Both as one; `later` came behind this one.
    KeyChange then(KeyChange later) {
        return new KeyChange(key, before, later.after);
    }

    /// Adds what it changes in the families of `database`.
    void addTo(BatchBuffer batch, Database database) {
        if (before.deadline != after.deadline) {
            if (before.deadline != Cell.NO_DEADLINE) {
                batch.delete(database.deadlines(), EntryCodec.deadlineKey(before.deadline, key));
            }
            if (after.deadline != Cell.NO_DEADLINE) {
                batch.put(database.deadlines(), EntryCodec.deadlineKey(after.deadline, key), Database.NOTHING);
            }
        }
        if (before.version != after.version) {
            if (before.isLarge()) {
                batch.delete(database.large(), EntryCodec.largeKey(key, before.version));
            }
            if (after.isLarge()) {
                batch.put(database.large(), EntryCodec.largeKey(key, after.version), after.value);
            }
        }
        if (after.exists()) {
            EntryCodec.put(batch, database.entries(), key, after);
        } else {
            batch.delete(database.entries(), key.bytes());
        }
    }
}
