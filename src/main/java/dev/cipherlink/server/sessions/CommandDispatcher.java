package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.RequestHandler;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Map;
import java.util.OptionalLong;

/// Runs the commands of one session. Used by its reading thread; what it calls does not block, but for
/// a large value that waits for room.
final class CommandDispatcher implements RequestHandler, Transaction.Records {

    private static final Logger LOG = System.getLogger(CommandDispatcher.class.getName());
    private static final byte[] ECHO_PREFIX = "Echo: ".getBytes(StandardCharsets.US_ASCII);
    private static final Reply PONG = Reply.line("PONG");
    private static final Reply NOT_WRITTEN = Reply.error("not written: the store failed, and the server was restarted since");

    /// The bytes of whole values that appending to them makes anew, of one batch: others have to wait for its commit.
    private static final int MAX_CHANGED_BYTES = 1 << 20;

    private final Services services;
    private final ClientIdentity client;
    private final String sessionId;
    private final CommandParser parser;
    private final KeyValueStore store;
    private final SessionJournal journal;
    private final LaterChanges laterChanges;
    private final SessionEvents events;
    private final ChatCommands chat;
    private final KeyValueStore.ReadGate gate = this::enterRoom;

    /// That of the batch under way; null between two.
    private Transaction transaction;
    /// Counted here, and added to the server's once a batch.
    private int requests;
    private int failedRequests;
    private final AnswerRoom room;
    /// Bytes of values that the batch has made of others.
    private long changedBytes;

    CommandDispatcher(Services services, SessionOrigin origin, SessionJournal journal) {
        this.services = services;
        this.journal = journal;
        laterChanges = new LaterChanges(origin.parameters().windowSize(), journal.lastChange(), journal.accepted());
        client = origin.client();
        sessionId = origin.id();
        parser = new CommandParser(services.maxValueBytes());
        store = services.store();
        room = new AnswerRoom(origin.owner());
        events = new SessionEvents(services, origin, () -> transaction);
        chat = new ChatCommands(services.chat(), events.chatSession());
    }

    /// Names the session whose commands these are, before it receives any: events go there.
    void attach(Session own) {
        events.attach(own);
    }

    /// Puts the session where the last process had it.
    void restorePlace() {
        events.restorePlace();
    }

    @Override
    public void end() {
        answersWritten();
        events.end();
        journal.forget(store);
    }

    @Override
    public String prepare(int requestBytes) {
        begin();
        try {
            enterRoom(requestBytes);
            return null;
        } catch (StoreException e) {
            return e.getMessage();
        }
    }

    @Override
    public void beforeWait() {
        try {
            if (transaction != null) {
                transaction.pause();
            }
        } catch (StoreException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public Reply handle(int sequence, Payload request) {
        begin();
        Command command = null;
        Reply reply = null;
        try {
            command = parse(request);
            if (command instanceof Command.Append(byte[] key, byte[] value)) {
                enterRoom(value.length + store.valueBytes(Key.of(key)));
            }
        } catch (CommandException | StoreException e) {
            reply = Reply.error(e.getMessage());
        }
        if (reply == null) {
            reply = answer(sequence, command);
        } else {
            journal.runs(sequence);
            journal.read(sequence, reply);
        }
        requests++;
        if (reply.isError()) {
            failedRequests++;
        }
        return reply;
    }

    /// Recorded, as the answer of a read: a duplicate of the last fragment must not run.
    @Override
    public void refused(int sequence, Reply answer) {
        begin();
        journal.runs(sequence);
        journal.read(sequence, answer);
    }

    private void begin() {
        if (transaction == null) {
            transaction = store.begin(this);
        }
    }

    private Reply answer(int sequence, Command command) {
        Reply reply;
        try {
            chat.noteActivity(command);
            if (!command.isReadOnly()) {
                return change(sequence, command);
            }
            reply = run(command);
        } catch (StoreException e) {
            reply = Reply.error(e.getMessage());
        }
        journal.runs(sequence);
        journal.read(sequence, reply);
        if (reply.payload().length > Session.MAX_STORED_REPLY_BYTES) {
            laterChanges.largeRead(journal.accepted());
        }
        return reply;
    }

    private Command parse(Payload request) throws CommandException {
        return parser.parse(request.array(), request.offset(), request.length());
    }

    /// The journal hears of a request when it has run: if that pauses the transaction, what is recorded then does not include it.
    ///
    /// @throws StoreException if the store takes no writes; nothing was changed
    private Reply change(int sequence, Command command) throws StoreException {
        // Before any lock around a change is taken: whoever holds one must not wait for a commit to begin.
        transaction.beginWrite();
        Reply reply;
        try {
            reply = run(command);
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.FULL || e.reason() == StoreException.Reason.FAILED) {
                throw e;
            }
            reply = Reply.error(e.getMessage());
        }
        journal.runs(sequence);
        journal.changed(sequence, reply);
        laterChanges.changed(journal.accepted(), command);
        return reply;
    }

    /// Of a request that may have changed something, an answer is kept unless the store took no writes. A read runs again unless it
    /// could see what the session changed after it.
    @Override
    public Reply repeat(int sequence, Payload request) {
        begin();
        try {
            Command command = parse(request);
            if (!command.isReadOnly()) {
                return NOT_WRITTEN;
            }
            return laterChanges.mayBeSeenBy(command, journal.position(sequence)) ? Session.NOT_KEPT : run(command);
        } catch (CommandException | StoreException e) {
            return Reply.error(e.getMessage());
        }
    }

    /// Everything that a batch wrote or saw becomes durable at once, with the answers to what it changed. If it cannot, nobody
    /// knows what will be there after a restart, and no answer leaves.
    @Override
    public void completeBatch() {
        if (transaction == null) {
            return;
        }
        count();
        changedBytes = 0;
        try (Transaction ended = transaction) {
            addTo(ended);
            ended.commit();
        } catch (StoreException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } finally {
            transaction = null;
        }
    }

    /// Adds to the transaction how far the session came, and where it is, with what it changed.
    @Override
    public void addTo(Transaction open) {
        try {
            journal.addTo(open);
            events.addTo(open);
        } catch (StoreException e) {
            // An open transaction takes every record: nothing was changed that these belong to.
            LOG.log(Level.DEBUG, "it is not recorded how far a session came that only reads", e);
        }
    }

    @Override
    public void notKept(int sequence) {
        journal.notKept(sequence);
        laterChanges.largeRead(journal.accepted());
    }

    @Override
    public boolean endsBatch() {
        return room.isLarge() || changedBytes >= MAX_CHANGED_BYTES;
    }

    @Override
    public boolean mayExtendBatch() {
        return room.takeForSmall();
    }

    @Override
    public boolean holdsMemory() {
        return room.isTaken();
    }

    @Override
    public void answersWritten() {
        if (room.isTaken()) {
            room.giveBack();
        }
    }

    private void enterRoom(int valueBytes) throws StoreException {
        if (AnswerRoom.isNeededFor(valueBytes)) {
            transaction.pause();
            room.take(valueBytes);
        }
    }

    private void count() {
        services.requests().add(requests);
        services.failedRequests().add(failedRequests);
        requests = 0;
        failedRequests = 0;
    }

    private Reply run(Command command) throws StoreException {
        return switch (command) {
            case Command.Set(byte[] key, byte[] value) -> {
                store.set(Key.of(key), value);
                yield Reply.OK;
            }
            case Command.Get(byte[] key) -> {
                byte[] value = store.get(Key.of(key), gate);
                yield value == null ? Reply.NOT_FOUND : Reply.value(value);
            }
            case Command.Delete(byte[] key) -> okIfFound(store.delete(Key.of(key)));
            case Command.Exists(byte[] key) -> Reply.number(store.exists(Key.of(key)) ? 1 : 0);
            case Command.Keys keys -> {
                transaction.pause();
                yield Reply.lines(
                        store.keys(keys.prefix(), keys.limit(), keys.after()).stream().map(Key::bytes).toList());
            }
            case Command.Count(byte[] prefix) -> {
                transaction.pause();
                yield Reply.number(store.count(prefix));
            }
            case Command.Incr(byte[] key, long by) -> Reply.number(store.increment(Key.of(key), by));
            case Command.Cas(byte[] key, long version, byte[] value) ->
                    compareAndSet(store.compareAndSet(Key.of(key), version, value));
            case Command.Peek(byte[] key) -> {
                yield peek(store.entry(Key.of(key), gate));
            }
            case Command.Append(byte[] key, byte[] value) -> {
                int size = store.append(Key.of(key), value);
                changedBytes += size;
                yield Reply.number(size);
            }
            case Command.Persist(byte[] key) -> okIfFound(store.persist(Key.of(key)));
            case Command.Expire(byte[] key, long seconds) ->
                    okIfFound(store.expire(Key.of(key), Duration.ofSeconds(seconds)));
            case Command.Ttl(byte[] key) -> timeToLive(store.ttlSeconds(Key.of(key)));
            case Command.Echo(byte[] text) -> echo(text);
            case Command.Time() -> Reply.line(OffsetDateTime.now().format(DateTimeFormatter.ISO_OFFSET_DATE_TIME));
            case Command.Ping() -> PONG;
            case Command.WhoAmI() -> whoAmI();
            case Command.Sockets() -> sockets();
            case Command.Info() -> {
                transaction.pause();
                yield info();
            }
            case Command.Chat said -> {
                Reply reply = chat.run(said);
                if (ChatCommands.showsMessages(said)) {
                    transaction.dependOnPending();
                }
                yield reply;
            }
            case Command.Watch(byte[] prefix) -> events.watch(prefix);
            case Command.Unwatch(byte[] prefix) -> events.unwatch(prefix);
        };
    }

    private static Reply okIfFound(boolean found) {
        return found ? Reply.OK : Reply.NOT_FOUND;
    }

    private static Reply compareAndSet(KeyValueStore.CasResult result) {
        return result.isSet() ? Reply.line("OK " + result.version())
                : Reply.error("conflict, version is " + result.version());
    }

    private static Reply peek(KeyValueStore.Entry entry) {
        return entry == null ? Reply.NOT_FOUND : Reply.peek(entry.value(), entry.version(), entry.ttlSeconds());
    }

    private static Reply timeToLive(OptionalLong seconds) {
        return seconds.isPresent() ? Reply.number(seconds.getAsLong()) : Reply.NOT_FOUND;
    }

    private Reply whoAmI() {
        String key = client.key().map(known -> known.fingerprint().toString())
                .orElse("shared; the name is a claim");
        return Reply.line("name: " + client.name()
                + "\nkey: " + key
                + "\npermissions: " + (client.isOperator() ? "operator" : "user")
                + "\nsession: " + sessionId);
    }

    private Reply sockets() {
        if (!client.isOperator()) {
            return Reply.error("only operators may list connections; ask one to authorize you with --operator");
        }
        var lines = new ArrayList<byte[]>();
        for (String connection : services.sockets().get()) {
            lines.add(connection.getBytes(StandardCharsets.UTF_8));
        }
        return Reply.lines(lines);
    }

    private Reply info() throws StoreException {
        count();
        var lines = new ArrayList<byte[]>();
        for (Map.Entry<String, Object> line : services.info().read().entrySet()) {
            lines.add((line.getKey() + ": " + line.getValue()).getBytes(StandardCharsets.UTF_8));
        }
        return Reply.lines(lines);
    }

    private static Reply echo(byte[] text) {
        byte[] payload = new byte[ECHO_PREFIX.length + text.length];
        System.arraycopy(ECHO_PREFIX, 0, payload, 0, ECHO_PREFIX.length);
        System.arraycopy(text, 0, payload, ECHO_PREFIX.length, text.length);
        return Reply.ok(payload);
    }
}
