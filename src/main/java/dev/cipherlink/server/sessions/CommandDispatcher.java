package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Reply.Outcome;
import dev.cipherlink.command.Verb;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.server.access.ClientRights;
import dev.cipherlink.server.sessions.SessionOrigin.Services;
import dev.cipherlink.session.RequestHandler;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.Usage.Quota;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/// Runs the requests of one session: each batch in one store transaction, together with the session's records. [Commands]
/// implements the commands. Used by the session's reading thread; blocks only while a large value waits for memory.
final class CommandDispatcher implements RequestHandler, Transaction.Records {

    private static final Logger LOG = System.getLogger(CommandDispatcher.class.getName());
    private static final Reply NOT_WRITTEN =
            Reply.error("not written: the store failed, and the server was restarted since", Outcome.FAILED);

    /// Bytes of values that APPEND and SETRANGE copy in one batch; limited, because other sessions wait for the batch's commit.
    private static final int MAX_APPENDED_BYTES = 1 << 20;

    /// Time to wait until the keys of a client are counted, for its quota.
    private static final Duration COUNT_PATIENCE = Duration.ofSeconds(10);

    private final Services services;
    private final SessionOrigin origin;
    private final CommandParser parser;
    private final KeyValueStore store;
    private final SessionJournal journal;
    private final SessionEvents events;
    private final Commands commands;
    private final AnswerBudget memory;
    private final ClientRights rights;
    private final RequestRates.Rate rate;
    /// Null for none.
    private Quota quota;

    /// The transaction of the running batch; null between batches.
    private Transaction transaction;
    /// The sequence number of the running request.
    private int running;
    /// In the running batch.
    private int requests;
    private long batchBegan;
    private long appendedBytes;

    CommandDispatcher(Services services, SessionOrigin origin, SessionJournal journal) {
        this.services = services;
        this.origin = origin;
        this.journal = journal;
        parser = new CommandParser(services.maxValueBytes());
        store = services.store();
        memory = new AnswerBudget(origin.owner());
        rights = origin.client().rights();
        rate = services.rates().of(origin.client());
        quota = rights.quota(store);
        events = new SessionEvents(services, origin, () -> transaction);
        commands = new Commands(this, services, origin, events);
    }

    /// Sets the session of these requests, which receives the events; called before the first request.
    void attach(Session own) {
        events.attach(own);
    }

    /// Restores the subscriptions that the session had in the previous process.
    void restoreSubscriptions() {
        events.restoreSubscriptions();
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
            takeMemory(requestBytes);
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
        running = sequence;
        Verb verb = CommandParser.verb(request.array(), request.offset(), request.length());
        Command command = null;
        Reply reply = null;
        try {
            command = parser.parse(verb, request.array(), request.offset(), request.length());
            String refusal = rights.refusal(command);
            if (refusal != null) {
                reply = Reply.error(refusal, Outcome.DENIED);
            } else if (command instanceof Command.Append(byte[] key, _)) {
                takeMemory(request.length() + store.valueBytes(Key.of(key)));
            } else if (command instanceof Command.SetRange(byte[] key, int offset, _)) {
                takeMemory(request.length() + Math.max(offset, store.valueBytes(Key.of(key))));
            }
        } catch (CommandException e) {
            reply = Reply.error(e.getMessage(), Outcome.INVALID);
        } catch (StoreException e) {
            reply = error(e);
        }
        if (reply == null) {
            reply = answer(sequence, command);
        } else {
            journal.read(sequence, reply);
        }
        requests++;
        rate.count(command instanceof Command.Transaction several ? Math.max(1, several.commands().size()) : 1);
        services.requests().count(verb, reply.outcome());
        if (reply.outcome() == Outcome.DENIED) {
            services.log().denied(origin, verb, reply.reason());
        }
        return reply;
    }

    private static Reply error(StoreException e) {
        return Reply.error(e.getMessage(), switch (e.reason()) {
            case NOT_A_NUMBER, OVERFLOW, VALUE_TOO_LARGE -> Outcome.INVALID;
            case CONDITION, QUOTA -> Outcome.REFUSED;
            case CONFLICT -> Outcome.CONFLICT;
            case FULL, FAILED, CHANGED -> Outcome.FAILED;
        });
    }

    /// Recorded like the answer of a read, so that a duplicate of the last fragment does not run.
    @Override
    public void refused(int sequence, Reply answer) {
        begin();
        journal.read(sequence, answer);
        requests++;
        services.requests().count(null, answer.outcome());
    }

    private void begin() {
        if (transaction == null) {
            transaction = store.begin(this);
            if (quota != null) {
                transaction.limit(quota);
            }
            batchBegan = System.nanoTime();
        }
    }

    private Reply answer(int sequence, Command command) {
        Reply reply;
        try {
            commands.noteActivity(command);
            if (!command.isReadOnly()) {
                return change(sequence, command);
            }
            reply = commands.run(command);
        } catch (StoreException e) {
            reply = error(e);
        }
        journal.read(sequence, reply);
        return reply;
    }

    /// The journal learns of a request after it has run: if that pauses the transaction, the records of the pause do not
    /// include it.
    ///
    /// @throws StoreException if the store takes no writes; nothing was changed
    private Reply change(int sequence, Command command) throws StoreException {
        if (quota != null && !quota.usage().isCounted() && (command instanceof Command.OnKeys || command instanceof Command.Transaction)) {
            awaitCount();
        }
        try {
            // Before any lock around a change: a thread that holds one must not wait for a commit to begin.
            transaction.beginWrite();
        } catch (StoreException e) {
            // Ending connections changes nothing in the store, and operators need it when the disk is full.
            if (!(command instanceof Command.EndSocket || command instanceof Command.EndSessions)) {
                throw e;
            }
        }
        Reply reply;
        try {
            reply = commands.run(command);
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.FULL || e.reason() == StoreException.Reason.FAILED) {
                throw e;
            }
            reply = error(e);
        }
        journal.changed(sequence, command, reply);
        return reply;
    }

    private void awaitCount() throws StoreException {
        transaction.pause();
        // Another if the count of this one has failed.
        quota = rights.quota(store);
        transaction.limit(quota);
        try {
            if (!quota.usage().awaitCount(COUNT_PATIENCE)) {
                throw StoreException.notCounted();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw StoreException.notCounted();
        }
    }

    /// The answer of a possible change is kept unless the store took no writes. A read is run again, unless it could see
    /// a later change of the session.
    @Override
    public Reply repeat(int sequence, Payload request) {
        begin();
        try {
            Command command = parser.parse(request.array(), request.offset(), request.length());
            if (!command.isReadOnly()) {
                return journal.mayBeUnwritten(sequence) ? NOT_WRITTEN : Session.NOT_KEPT;
            }
            String refusal = rights.refusal(command);
            if (refusal != null) {
                return Reply.error(refusal, Outcome.DENIED);
            }
            return journal.hasChangedSince(sequence, command) ? Session.NOT_KEPT : commands.run(command);
        } catch (CommandException e) {
            return Reply.error(e.getMessage(), Outcome.INVALID);
        } catch (StoreException e) {
            return error(e);
        }
    }

    /// A change and its answer are stored together: the change was made, and why the store refuses a read is not its answer.
    @Override
    public Reply stored(int sequence) {
        begin();
        try {
            return journal.storedAnswer(sequence, this::takeMemory);
        } catch (StoreException e) {
            return Session.NOT_KEPT;
        }
    }

    /// Commits the writes and reads of the batch, with the answers to its changes. If that fails, the state after a
    /// restart is unknown, and no answer is sent. A client beyond its rate waits here for its answers.
    @Override
    public void completeBatch() {
        if (transaction == null) {
            return;
        }
        appendedBytes = 0;
        try (Transaction ended = transaction) {
            addTo(ended);
            ended.commit();
            services.requests().completed(requests, System.nanoTime() - batchBegan);
        } catch (StoreException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } finally {
            transaction = null;
            requests = 0;
        }
        rate.pause();
    }

    /// Adds the session's progress and subscriptions to the transaction, with the changes.
    @Override
    public void addTo(Transaction open) {
        try {
            journal.addTo(open);
            events.addTo(open);
        } catch (StoreException e) {
            // An open transaction takes every record: no change depends on these.
            LOG.log(Level.DEBUG, "it is not recorded how far a session came that only reads", e);
        }
    }

    @Override
    public void notKept(int sequence) {
        journal.notKept(sequence);
    }

    @Override
    public boolean endsBatch() {
        return memory.isLarge() || appendedBytes >= MAX_APPENDED_BYTES || rate.isSpent();
    }

    @Override
    public boolean mayExtendBatch() {
        return memory.takeForSmall();
    }

    @Override
    public boolean holdsMemory() {
        return memory.isTaken();
    }

    @Override
    public void answersWritten() {
        if (memory.isTaken()) {
            memory.giveBack();
        }
    }

    // For the commands of the batch.

    /// That of the client; null for none.
    Quota quota() {
        return quota;
    }

    Transaction transaction() {
        return transaction;
    }

    /// Takes memory for a value if it is large. Pauses the transaction, then blocks until there is memory.
    ///
    /// @throws StoreException if there was none for too long
    void takeMemory(int valueBytes) throws StoreException {
        if (AnswerBudget.isNeededFor(valueBytes)) {
            transaction.pause();
            memory.take(valueBytes);
        }
    }

    /// The record of the running change's answer, to be written with the change; null if memory keeps the answer.
    OwnRecord answerRecord(Reply reply) {
        return journal.answerRecord(running, reply);
    }

    /// The running change is written, with the record of its answer.
    void answerWritten(Reply reply) {
        journal.answerWritten(running, reply);
    }

    /// Counts a value of this size that was copied.
    void appended(int valueBytes) {
        appendedBytes += valueBytes;
    }
}
