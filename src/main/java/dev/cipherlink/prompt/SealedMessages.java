package dev.cipherlink.prompt;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.connect.SealingKeys;
import dev.cipherlink.connect.SealingKeys.ChangedKeyException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.seal.AuthenticationWords;
import dev.cipherlink.seal.KnownPeople.Person;
import dev.cipherlink.seal.SealedText;
import dev.cipherlink.text.CliException.FailureText;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// Direct messages that the server cannot read, and whose keys they are sealed with.
///
/// Thread-safe. Nothing here blocks but [#drain], and [#open] where too many messages have come: threads of its own use the keys and the
/// file of the people, since the connection's must wait neither for an agent nor for a disk.
final class SealedMessages {
    /// Further apart, the clock of the sender and the server's do not just differ.
    private static final Duration LATE = Duration.ofMinutes(2);
    /// The most messages that wait for a key, of at most 4 KiB.
    private static final int MAX_WAITING = 1_000;
    private static final Duration RETRY_INTERVAL = Duration.ofSeconds(2);
    private static final long DRAIN_SECONDS = 5;

    private final ChatConnection connection;
    private final SealingKeys keys;
    private final Consumer<String> news;
    private final Consumer<String> warnings;
    /// The key whose words were shown for a name, so that no other one is accepted.
    private final Map<String, PublicKey> compared = new ConcurrentHashMap<>();
    /// Sends in the order of typing, and may wait for the connection.
    private final ExecutorService sealer = worker("cipherlink-seal");
    /// Shows in the order of coming. Never waits for the connection, whose thread waits for it when there is no place.
    private final ExecutorService opener = worker("cipherlink-open");
    private final Semaphore places = new Semaphore(MAX_WAITING);
    /// Used by the sealer.
    private Instant lastWritten = Instant.MIN;
    /// Messages in their order that came while our secret, which an agent keeps, could not be used. Guards itself.
    private final Deque<Event.Direct> waiting = new ArrayDeque<>();

    /// @param news     is told of keys that are met for the first time, in words for people
    /// @param warnings is told of messages that cannot be opened yet
    SealedMessages(ChatConnection connection, SealingKeys keys, Consumer<String> news, Consumer<String> warnings) {
        this.connection = connection;
        this.keys = keys;
        this.news = news;
        this.warnings = warnings;
    }

    private static ExecutorService worker(String name) {
        return Executors.newSingleThreadExecutor(Thread.ofVirtual().name(name).factory());
    }

    /// A direct message as it is shown.
    ///
    /// @param state   for programs: `no`, `new`, `known`, `verified`, `repeated`, `changed`, `unreadable`
    /// @param mark    for people, in front of the text; empty if there is nothing to remark
    /// @param written when its author says that it was written; empty if it was not opened
    record Shown(Event.Direct direct, String state, String mark, Optional<Instant> written) {

        /// One that was not sealed.
        static Shown plain(Event.Direct direct, String mark) {
            return new Shown(direct, "no", mark, Optional.empty());
        }
    }

    /// Sends a message that only its addressee can read.
    ///
    /// @return fails with an `IOException` that says why nothing was sent
    CompletableFuture<Reply> tell(String name, String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > SealedText.MAX_TEXT_BYTES) {
            return CompletableFuture.failedFuture(new IOException("a sealed message has at most " + SealedText.MAX_TEXT_BYTES
                    + " bytes, and this has " + bytes));
        }
        return keyOf(name).thenComposeAsync(offered -> {
            try {
                if (offered.isEmpty()) {
                    throw new IOException(keys.whyNone(name, name + " has no key here, so it cannot be sealed; TELL " + name
                            + " ... sends it for the server to read"));
                }
                Person person = meet(name, offered.get()).person();
                SealingKeys.requireSame(person, offered.get());
                String sealed = SealedText.seal(keys.own(), person.key(), now(), text);
                return connection.request(new Command.Tell(name, sealed).encode());
            } catch (ChangedKeyException e) {
                return CompletableFuture.failedFuture(new IOException(e.getMessage() + "; /verify " + name + " compares the new one"));
            } catch (IOException | IllegalArgumentException e) {
                return CompletableFuture.failedFuture(new IOException(FailureText.withFile(e)));
            }
        }, sealer);
    }

    private SealingKeys.Met meet(String name, PublicKey key) throws IOException {
        SealingKeys.Met met = keys.meet(name, key);
        if (met.isNew()) {
            news.accept("the key of " + name + " is new here, " + key + "; /verify " + name + " compares it");
        }
        return met;
    }

    /// Each message is written later than the one before, even within a millisecond or when the clock goes back.
    private Instant now() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        lastWritten = now.isAfter(lastWritten) ? now : lastWritten.plusMillis(1);
        return lastWritten;
    }

    private CompletableFuture<Optional<PublicKey>> keyOf(String name) {
        byte[] request;
        try {
            request = new Command.KeyOf(name).encode();
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(new IOException(e.getMessage()));
        }
        return connection.request(request).thenApply(reply -> {
            try {
                return keys.answer(name, connection.name(), reply);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
    }

    /// Opens a message, and keeps the key of a sender who is new. While our secret cannot be used, messages wait in memory, since the
    /// server does not tell them again.
    ///
    /// @param show gets the message, from another thread
    void open(Event.Direct direct, Consumer<Shown> show) {
        places.acquireUninterruptibly();
        opener.execute(() -> {
            try {
                openNow(direct, show);
            } finally {
                places.release();
            }
        });
    }

    /// Blocks until the messages that have come were opened and shown, or wait for a key; for 5 seconds at most.
    void drain() throws InterruptedException {
        try {
            opener.submit(() -> { }).get(DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException _) {
            // the agent or the disk holds them up
        }
    }

    private void openNow(Event.Direct direct, Consumer<Shown> show) {
        if (!SealedText.isSealed(direct.text())) {
            show.accept(Shown.plain(direct, "not sealed"));
            return;
        }
        String why = "others wait";
        if (!hasWaiting()) {
            try {
                show.accept(opened(direct));
                return;
            } catch (IOException e) {
                why = FailureText.of(e);
            }
        }
        int count = await(direct);
        if (count == 1) {
            warnings.accept("a sealed message of " + direct.from() + " cannot be opened now, and waits until this ends: " + why
                    + "; `cipherlink agent unlock`");
            Thread.startVirtualThread(() -> openWaiting(show));
        } else if (count > MAX_WAITING) {
            show.accept(unreadable(direct, "too many wait for the agent"));
        }
    }

    private boolean hasWaiting() {
        synchronized (waiting) {
            return !waiting.isEmpty();
        }
    }

    /// @return how many wait now; more than [#MAX_WAITING] if this does not
    private int await(Event.Direct direct) {
        synchronized (waiting) {
            if (waiting.size() == MAX_WAITING) {
                return MAX_WAITING + 1;
            }
            waiting.add(direct);
            return waiting.size();
        }
    }

    private void openWaiting(Consumer<Shown> show) {
        boolean isDone = false;
        while (!isDone) {
            LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
            isDone = openAll(show);
        }
    }

    /// @return whether none waits any more
    private boolean openAll(Consumer<Shown> show) {
        try {
            while (true) {
                Event.Direct first;
                synchronized (waiting) {
                    first = waiting.getFirst();
                }
                show.accept(opened(first));
                synchronized (waiting) {
                    waiting.removeFirst();
                    if (waiting.isEmpty()) {
                        return true;
                    }
                }
            }
        } catch (IOException _) {
            return false;
        }
    }

    private static Shown unreadable(Event.Direct direct, String why) {
        return new Shown(with(direct, ""), "unreadable", "a sealed message that does not open: " + why, Optional.empty());
    }

    /// @throws IOException if our secret cannot be used now
    private Shown opened(Event.Direct direct) throws IOException {
        SealedText opened;
        try {
            opened = SealedText.open(keys.own(), direct.text());
        } catch (ProtocolException e) {
            return unreadable(direct, e.getMessage());
        }
        Event.Direct read = with(direct, opened.text());
        Optional<Instant> written = Optional.of(opened.written());
        if (keys.isOwnUnder(direct.from(), connection.name(), opened.sender())) {
            news.accept("this message is sealed by YOUR OWN KEY, and not by " + direct.from() + ": it is one of yours, told as another's");
            return new Shown(read, "changed", "YOUR OWN KEY", written);
        }
        try {
            SealingKeys.Met met = meet(direct.from(), opened.sender());
            Person person = met.person();
            if (!person.key().equals(opened.sender())) {
                news.accept("this message is sealed by ANOTHER KEY, " + opened.sender() + ", than the one of " + direct.from() + " since "
                        + person.since() + ": somebody else may have written it; /verify " + direct.from() + " compares");
                return new Shown(read, "changed", "ANOTHER KEY", written);
            }
            if (!keys.people().isNews(person, opened.written())) {
                return new Shown(read, "repeated", "again or out of order, written " + opened.written(), written);
            }
            String mark = Duration.between(opened.written(), direct.at()).abs().compareTo(LATE) > 0 ? "written " + opened.written() : "";
            return new Shown(read, met.isNew() ? "new" : person.isVerified() ? "verified" : "known", mark, written);
        } catch (IOException e) {
            return new Shown(read, "new", "key " + opened.sender() + ", which cannot be compared with earlier ones: " + FailureText.withFile(e),
                    written);
        }
    }

    private static Event.Direct with(Event.Direct direct, String text) {
        return new Event.Direct(direct.id(), direct.from(), direct.at(), text);
    }

    /// What is known of a person, in lines for people.
    CompletableFuture<List<String>> whois(String name) {
        return keyOf(name).thenApplyAsync(offered -> {
            try {
                Optional<Person> known = keys.people().find(name);
                List<String> lines = new ArrayList<>();
                known.ifPresent(person -> lines.add(name + ": " + person.key() + ", known since " + person.since()
                        + (person.isVerified() ? ", verified" : ", not verified: /verify " + name + " compares it")));
                if (offered.isEmpty()) {
                    lines.add("the server knows no key of " + name);
                } else if (known.isEmpty()) {
                    lines.add(name + ": " + offered.get() + ", says the server; no sealed message was exchanged yet");
                } else if (!known.get().key().equals(offered.get())) {
                    lines.add("the server gives ANOTHER KEY now, " + offered.get() + "; nothing is sealed for it until /verify " + name
                            + " accepts it");
                }
                return lines;
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        }, sealer);
    }

    /// Shows the words to compare with a person, or takes the user's verdict on the key whose words were shown.
    ///
    /// @param verdict empty, `yes` if the words are the same, or `accept` to believe the key without comparing
    CompletableFuture<List<String>> verify(String name, String verdict) {
        if (verdict.isEmpty()) {
            return keyOf(name).thenApplyAsync(offered -> {
                try {
                    return compare(name, offered.orElseThrow(() -> new IOException("the server knows no key of " + name)));
                } catch (IOException e) {
                    throw new CompletionException(e);
                }
            }, sealer);
        }
        try {
            return CompletableFuture.completedFuture(List.of(take(name, verdict)));
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private List<String> compare(String name, PublicKey offered) throws IOException {
        Optional<Person> known = keys.people().find(name);
        compared.put(folded(name), offered);
        List<String> lines = new ArrayList<>();
        known.filter(person -> !person.key().equals(offered)).ifPresent(person -> lines.add("ANOTHER KEY than the one of " + name
                + " since " + SealingKeys.known(person) + ": it was " + person.key()));
        lines.add(name + ": " + offered + (known.filter(person -> person.key().equals(offered) && person.isVerified()).isPresent()
                ? ", verified" : ""));
        lines.add("    " + AuthenticationWords.of(keys.ownKey(), offered));
        lines.add("the same words at " + name + ", on the phone or face to face: /verify " + name + " yes; without comparing: /verify "
                + name + " accept");
        return lines;
    }

    private String take(String name, String verdict) throws IOException {
        PublicKey offered = compared.get(folded(name));
        if (offered == null) {
            throw new IOException("/verify " + name + " shows the words first");
        }
        if (!verdict.equals("yes") && !verdict.equals("accept")) {
            throw new IOException("usage: " + SlashCommand.VERIFY.word() + " " + SlashCommand.VERIFY.arguments());
        }
        Person person = keys.people().accept(name, offered, verdict.equals("yes"));
        return name + ": " + person.key() + (person.isVerified() ? ", verified" : ", believed, not verified");
    }

    private static String folded(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
