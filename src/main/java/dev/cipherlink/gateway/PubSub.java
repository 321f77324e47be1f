package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.Verb;
import dev.cipherlink.gateway.Needs.Need;
import dev.cipherlink.gateway.RedisCommand.Subcommand;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// Publish and subscribe for all clients of a gateway. Their subscriptions are the session's, each held by the clients that need it:
/// of a channel, `SUBSCRIBE`; of a pattern, `PSUBSCRIBE` of what its channels begin with; of keyspace events, `WATCH`.
///
/// [#event] runs on the thread that reads the server, and takes no lock that is held while the server is asked.
final class PubSub {

    static final Map<String, Subcommand> SUBCOMMANDS = Map.of(
            "CHANNELS", new Subcommand(-2, PubSub::listChannels),
            "NUMSUB", new Subcommand(-2, PubSub::countSubscribers),
            "NUMPAT", new Subcommand(2, call -> {
                int patterns = call.connection().gateway().pubSub().patternCount();
                call.reply(out -> out.number(patterns));
            }));

    private static final Logger LOG = System.getLogger(PubSub.class.getName());
    private static final byte[] PUBLISHED = Ascii.of("EVENT published ");
    private static final byte[] KEY = Ascii.of("EVENT key ");
    private static final byte[] MISSED = Ascii.of("EVENT missed ");
    static final String KEYSPACE = "__keyspace@0__:";
    static final String KEYEVENT = "__keyevent@0__:";
    /// What a pattern has to begin with to be told of keyspace events.
    static final String RESERVED = "__key";
    /// The most channels and patterns of all clients: each event is compared with every pattern, on the thread that reads the server.
    private static final int MAX_SUBSCRIPTIONS = 1_000;

    private final Map<ByteBuffer, Set<RespConnection>> channels = new ConcurrentHashMap<>();
    private final Map<ByteBuffer, Pattern> patterns = new ConcurrentHashMap<>();
    /// Held while the server is asked; guards the needs, and changes of what clients have subscribed to.
    private final ReentrantLock changing = new ReentrantLock();
    private final Needs needs;
    /// Held for a moment only: no client is told of a message before its subscription is confirmed, or after it has ended.
    private final ReentrantLock telling = new ReentrantLock();

    private record Pattern(GlobPattern glob, boolean hasKeyspaceEvents, Set<RespConnection> clients) {
    }

    /// What one client has subscribed to.
    static final class Subscriptions {
        private final Set<ByteBuffer> channels = ConcurrentHashMap.newKeySet();
        private final Set<ByteBuffer> patterns = ConcurrentHashMap.newKeySet();

        int channels() {
            return channels.size();
        }

        int patterns() {
            return patterns.size();
        }

        private Set<ByteBuffer> names(boolean isPattern) {
            return isPattern ? patterns : channels;
        }

        private int size() {
            return channels.size() + patterns.size();
        }

        boolean isEmpty() {
            return size() == 0;
        }
    }

    PubSub(Gateway gateway) {
        needs = new Needs(gateway);
    }

    void subscribe(Call call, boolean isPattern) throws RespException, IOException, InterruptedException {
        Subscriptions own = call.connection().subscriptions();
        for (int i = 1; i < call.size(); i++) {
            byte[] name = call.word(i);
            ByteBuffer wrapped = ByteBuffer.wrap(name);
            changing.lock();
            try {
                Runnable confirming = () -> confirm(call, wrapped, isPattern);
                if (own.names(isPattern).contains(wrapped)) {
                    confirming.run();
                } else {
                    List<Need> wanted = isPattern ? Needs.ofPattern(call.pattern(i)) : Needs.ofChannel(name);
                    requireRoom(isPattern ? patterns : channels, wrapped);
                    needs.acquire(wanted, confirming);
                }
            } finally {
                changing.unlock();
            }
        }
    }

    private void requireRoom(Map<ByteBuffer, ?> subscribed, ByteBuffer name) throws RespException {
        if (channels.size() + patterns.size() >= MAX_SUBSCRIPTIONS && !subscribed.containsKey(name)) {
            throw new RespException("ERR the clients of this gateway have " + MAX_SUBSCRIPTIONS + " subscriptions; end one first");
        }
    }

    private void confirm(Call call, ByteBuffer name, boolean isPattern) {
        telling.lock();
        try {
            add(call.connection(), name, isPattern);
            int count = call.connection().subscriptions().size();
            call.reply(out -> out.push(3).bulk(isPattern ? "psubscribe" : "subscribe").bulk(name.array()).number(count));
        } finally {
            telling.unlock();
        }
    }

    private void add(RespConnection client, ByteBuffer name, boolean isPattern) {
        client.subscriptions().names(isPattern).add(name);
        if (isPattern) {
            patterns.computeIfAbsent(name, pattern -> new Pattern(new GlobPattern(pattern.array()),
                    startsWith(pattern.array(), Ascii.of(RESERVED)), ConcurrentHashMap.newKeySet())).clients.add(client);
        } else {
            channels.computeIfAbsent(name, channel -> ConcurrentHashMap.newKeySet()).add(client);
        }
    }

    void unsubscribe(Call call, boolean isPattern) {
        RespConnection client = call.connection();
        Subscriptions own = client.subscriptions();
        String kind = isPattern ? "punsubscribe" : "unsubscribe";
        List<byte[]> names = new ArrayList<>(call.words().subList(1, call.size()));
        if (names.isEmpty()) {
            own.names(isPattern).forEach(name -> names.add(name.array()));
        }
        if (names.isEmpty()) {
            call.reply(out -> out.push(3).bulk(kind).nothing().number(own.size()));
        }
        for (byte[] name : names) {
            remove(client, ByteBuffer.wrap(name), isPattern);
            int count = own.size();
            call.reply(out -> out.push(3).bulk(kind).bulk(name).number(count));
        }
    }

    private void remove(RespConnection client, ByteBuffer name, boolean isPattern) {
        changing.lock();
        try {
            if (client.subscriptions().names(isPattern).remove(name)) {
                forget(client, name, isPattern);
                needs.release(isPattern ? Needs.ofPattern(new GlobPattern(name.array())) : Needs.ofChannel(name.array()));
            }
        } catch (RespException e) {
            LOG.log(Level.DEBUG, "a subscription had no need: {0}", e.getMessage());
        } finally {
            changing.unlock();
        }
    }

    private void forget(RespConnection client, ByteBuffer name, boolean isPattern) {
        telling.lock();
        try {
            if (isPattern) {
                patterns.computeIfPresent(name, (_, pattern) -> {
                    pattern.clients.remove(client);
                    return pattern.clients.isEmpty() ? null : pattern;
                });
            } else {
                channels.computeIfPresent(name, (_, clients) -> {
                    clients.remove(client);
                    return clients.isEmpty() ? null : clients;
                });
            }
        } finally {
            telling.unlock();
        }
    }

    /// Ends all subscriptions of a client.
    void leave(RespConnection client) {
        Subscriptions own = client.subscriptions();
        List.copyOf(own.channels).forEach(name -> remove(client, name, false));
        List.copyOf(own.patterns).forEach(name -> remove(client, name, true));
    }

    /// Subscribes anew, in a session that knows of nothing. Does not block.
    void sessionBegun() {
        Thread.ofVirtual().name("cipherlink-resubscribe").start(() -> {
            changing.lock();
            try {
                needs.renew();
            } finally {
                changing.unlock();
            }
        });
    }

    static void publish(Call call) throws RespException, IOException, InterruptedException {
        PubSub own = call.connection().gateway().pubSub();
        byte[] channel = call.word(1);
        call.send(CommandEncoder.join(Verb.PUBLISH, call.key(1), call.word(2)), (result, out) -> {
            if (result.isError()) {
                result.writeError(out);
            } else {
                // The server counts sessions, and this gateway is one.
                long here = own.receivers(channel);
                out.number(here == 0 ? result.number() : Math.max(0, result.number() - 1) + here);
            }
        });
    }

    private long receivers(byte[] channel) {
        Set<RespConnection> subscribers = channels.get(ByteBuffer.wrap(channel));
        long count = subscribers == null ? 0 : subscribers.size();
        for (Pattern pattern : patterns.values()) {
            count += pattern.glob.matches(channel) ? pattern.clients.size() : 0;
        }
        return count;
    }

    /// An event of the server's. Never blocks.
    void event(byte[] event) {
        if (startsWith(event, PUBLISHED)) {
            int space = indexOf(event, PUBLISHED.length);
            byte[] channel = RedisKey.fromStore(Arrays.copyOfRange(event, PUBLISHED.length, space));
            if (channel != null) {
                tell(channel, Arrays.copyOfRange(event, space + 1, event.length - 1), false);
            }
        } else if (startsWith(event, KEY)) {
            int space = indexOf(event, KEY.length);
            String what = new String(event, KEY.length, space - KEY.length, ISO_8859_1);
            byte[] key = RedisKey.fromStore(Arrays.copyOfRange(event, space + 1, event.length - 1));
            byte[] kind = Ascii.of(what.equals("deleted") ? "del" : what);
            if (key != null) {
                tell(join(KEYSPACE, key), kind, true);
                tell(join(KEYEVENT, kind), key, true);
            }
        } else if (startsWith(event, MISSED)) {
            LOG.log(Level.WARNING, "publications were not told: {0}", new String(event, ISO_8859_1).strip());
        }
    }

    private void tell(byte[] channel, byte[] message, boolean isKeyspaceEvent) {
        telling.lock();
        try {
            Set<RespConnection> subscribers = channels.getOrDefault(ByteBuffer.wrap(channel), Set.of());
            subscribers.forEach(client -> client.push(out -> out.push(3).bulk("message").bulk(channel).bulk(message)));
            patterns.forEach((name, pattern) -> {
                if ((!isKeyspaceEvent || pattern.hasKeyspaceEvents) && pattern.glob.matches(channel)) {
                    pattern.clients.forEach(client -> client.push(out ->
                            out.push(4).bulk("pmessage").bulk(name.array()).bulk(channel).bulk(message)));
                }
            });
        } finally {
            telling.unlock();
        }
    }

    private static byte[] join(String prefix, byte[] rest) {
        byte[] joined = Arrays.copyOf(Ascii.of(prefix), prefix.length() + rest.length);
        System.arraycopy(rest, 0, joined, prefix.length(), rest.length);
        return joined;
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix) {
        return bytes.length >= prefix.length && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static int indexOf(byte[] bytes, int from) {
        int at = from;
        while (at < bytes.length && bytes[at] != ' ') {
            at++;
        }
        return at;
    }

    int channelCount() {
        return channels.size();
    }

    int patternCount() {
        return patterns.size();
    }

    private static void listChannels(Call call) throws RespException {
        if (call.size() > 3) {
            throw new RespException("ERR Unknown PUBSUB subcommand or wrong number of arguments for 'channels'. Try PUBSUB HELP.");
        }
        GlobPattern filter = call.size() == 3 ? call.pattern(2) : null;
        List<byte[]> names = new ArrayList<>();
        for (ByteBuffer channel : call.connection().gateway().pubSub().channels.keySet()) {
            if (filter == null || filter.matches(channel.array())) {
                names.add(channel.array());
            }
        }
        call.reply(out -> {
            out.array(names.size());
            names.forEach(out::bulk);
        });
    }

    private static void countSubscribers(Call call) {
        Map<ByteBuffer, Set<RespConnection>> all = call.connection().gateway().pubSub().channels;
        Map<byte[], Integer> counts = new LinkedHashMap<>();
        for (int i = 2; i < call.size(); i++) {
            counts.put(call.word(i), all.getOrDefault(ByteBuffer.wrap(call.word(i)), Set.of()).size());
        }
        call.reply(out -> {
            out.array(2 * counts.size());
            counts.forEach((name, count) -> out.bulk(name).number(count));
        });
    }
}
