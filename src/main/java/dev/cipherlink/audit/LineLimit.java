package dev.cipherlink.audit;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// Limits the log lines that others can cause: a few a minute for each source, and some more in all. The rest is counted and
/// told in one line a minute. Thread-safe.
///
/// @param <S> what lines are counted by
public final class LineLimit<S> {

    private static final Logger LOG = System.getLogger(LineLimit.class.getName());
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    /// Sources that are counted separately in a minute.
    private static final int MAX_SOURCES = 1_000;

    private final String what;
    private final int ofSource;
    private final int inAll;
    private final Map<S, Integer> sources = new HashMap<>();
    private long minuteBegan;
    private int logged;
    private long unlogged;

    /// @param what     the subject and verb of the summary, such as `connections of strangers ended`
    /// @param ofSource lines of one source in a minute
    /// @param inAll    lines of all sources in a minute
    public LineLimit(String what, int ofSource, int inAll, long nanoTime) {
        this.what = what;
        this.ofSource = ofSource;
        this.inAll = inAll;
        minuteBegan = nanoTime;
    }

    /// Counts an event.
    ///
    /// @return whether to log it on a line of its own
    public synchronized boolean mayLog(S source) {
        int count = sources.size() < MAX_SOURCES || sources.containsKey(source) ? sources.merge(source, 1, Integer::sum) : ofSource + 1;
        if (count > ofSource || logged == inAll) {
            unlogged++;
            return false;
        }
        logged++;
        return true;
    }

    /// Logs the summary of the last minute, if it is over. To be called about once a second.
    public void tell(long nanoTime) {
        String told = told(nanoTime);
        if (told != null) {
            LOG.log(Level.INFO, told);
        }
    }

    /// @return the summary of the last minute; null if there is none
    public synchronized String told(long nanoTime) {
        if (nanoTime - minuteBegan < MINUTE) {
            return null;
        }
        String told = null;
        if (unlogged > 0) {
            Map.Entry<S, Integer> most = sources.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
            told = unlogged + " more " + what + " in the last minute; most came from " + most.getKey() + ": " + most.getValue();
        }
        minuteBegan = nanoTime;
        sources.clear();
        logged = 0;
        unlogged = 0;
        return told;
    }
}
