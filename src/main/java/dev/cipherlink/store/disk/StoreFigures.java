package dev.cipherlink.store.disk;

import dev.cipherlink.metrics.MetricsReport;
import dev.cipherlink.metrics.MetricsReport.Sample;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// The figures of a store on disk, for INFO and for metrics.
record StoreFigures(Durability durability, Database database, CellCache cells, Applier applier, Committer committer) {

    Map<String, Object> info() throws StoreException {
        var values = new LinkedHashMap<String, Object>();
        values.put("store_engine", "rocksdb");
        values.put("store_durability", durability.name().toLowerCase(Locale.ROOT));
        values.put("store_state", state());
        values.put("store_refused_full", committer.fullDisk().refusals.sum());
        values.put("store_commits", committer.commits());
        values.put("store_syncs", committer.syncs());
        values.put("store_units", committer.transactions());
        values.put("store_pending_units", committer.waiting());
        values.put("store_cache_bytes", cells.usedBytes());
        values.put("store_disk_bytes", diskBytes());
        return values;
    }

    void addTo(MetricsReport report, long keys) throws StoreException {
        report.gauge("store_info", "The engine of the store, and what its answers to writes wait for.", new Sample(1, "engine", "rocksdb",
                        "durability", MetricsReport.word(durability)))
                .gauge("store_keys", "Keys in the store.", keys)
                .gauge("store_disk_bytes", "Bytes of the database on disk, without the log.", diskBytes())
                .gauge("store_cache_bytes", "Bytes of the heap that keep values which were used lately.", cells.usedBytes())
                .gauge("store_log_lag_commits", "Commits that are in the log and not in the database yet.",
                        Math.max(0, committer.commits() - applier.applied()))
                .gauge("store_log_lag_bytes", "Bytes of those commits.", applier.waitingBytes())
                .gauge("store_waiting_transactions", "Transactions that wait for a commit.", committer.waiting())
                .counter("store_commits", "Commits since the store was made.", committer.commits())
                .counter("store_transactions", "Transactions that were committed, many with one commit.", committer.transactions())
                .counter("store_full_refusals", "Writes refused because the disk was full.", committer.fullDisk().refusals.sum())
                .histogram("store_fsync_duration_seconds", "Time that the disk took to have the log.", committer.syncTimes());
    }

    private long diskBytes() throws StoreException {
        return database.figure("total-sst-files-size") + database.figure("total-blob-file-size");
    }

    private String state() {
        if (committer.isStopped()) {
            return "read-only: its disk failed";
        }
        return committer.fullDisk().isFull ? "read-only: its disk is full" : "good";
    }
}
