package dev.cipherlink.store;

/// What became of one record.
///
/// @param value null if it was taken away
record RecordChange(Key key, byte[] value) {

    void addTo(BatchBuffer batch, Database database) {
        if (value == null) {
            batch.delete(database.records(), key.bytes());
        } else {
            batch.put(database.records(), key.bytes(), value);
        }
    }
}
