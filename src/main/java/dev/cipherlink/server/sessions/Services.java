package dev.cipherlink.server.sessions;

import dev.cipherlink.chat.ChatService;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/// What the sessions of a server share.
///
/// @param store           the store, which tells of changes to watched keys
/// @param requests        counts requests, those that failed included
/// @param failedRequests  counts requests that were answered with ERROR
/// @param maxValueBytes   of a value
/// @param maxRequestBytes of a request, all its fragments together
/// @param sockets         the lines of SOCKETS, one for each connection
/// @param info            names and values of INFO
public record Services(KeyValueStore store, ChatService chat, KeyWatches watches, SessionRegistry sessions, LongAdder requests,
                       LongAdder failedRequests, int maxValueBytes, int maxRequestBytes, Supplier<List<String>> sockets,
                       Info info) {

    /// Asks the server how it fares.
    @FunctionalInterface
    public interface Info {
        Map<String, Object> read() throws StoreException;
    }
}
