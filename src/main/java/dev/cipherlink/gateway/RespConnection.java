package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.gateway.Call.Answer;
import dev.cipherlink.gateway.Call.Answers;
import dev.cipherlink.gateway.Call.Target;
import dev.cipherlink.gateway.PubSub.Subscriptions;
import dev.cipherlink.gateway.RespReader.Pressure;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// One client of a gateway, from its first command to its last reply: two virtual threads, of which this one's reads commands and sends
/// their requests, and the other writes what is in the [ReplyQueue].
final class RespConnection implements Target, Pressure {

    private final Gateway gateway;
    private final long id;
    private final SocketChannel channel;
    private final ReplyQueue replies;
    private final RespReader reader;
    private final Transaction transaction = new Transaction(this);
    private final Subscriptions subscriptions = new Subscriptions();
    private final long connectedAt = System.nanoTime();
    private long requestBytes;
    private boolean hasUnsent;
    private boolean hasQuit;
    private boolean isSilent;
    private boolean isNextSilent;
    private boolean isThisSilent;
    /// Whether so much waits for the client that no more of its commands are read.
    private boolean isFull;

    // Read by other threads too.
    private volatile boolean isResp3;
    private volatile boolean isAuthenticated;
    private volatile byte[] name = {};
    private volatile String libraryName = "";
    private volatile String libraryVersion = "";
    private volatile String lastCommand = "NULL";
    private volatile long lastCommandAt = connectedAt;
    private volatile int queued = -1;

    RespConnection(Gateway gateway, long id, SocketChannel channel) {
        this.gateway = gateway;
        this.id = id;
        this.channel = channel;
        replies = new ReplyQueue(channel, gateway.memory());
        reader = new RespReader(channel, this);
        setAuthenticated(gateway.config().password().isEmpty());
    }

    /// Serves the client until it has ended its side and has all its replies, or is gone; its subscriptions are still to be ended.
    /// Blocks.
    void run() throws InterruptedException {
        try (var scope = StructuredTaskScope.open()) {
            scope.fork(() -> {
                replies.write();
                return null;
            });
            read();
            scope.join();
        } finally {
            replies.end();
        }
    }

    private void read() throws InterruptedException {
        try {
            while (!hasQuit && !replies.isEnding()) {
                List<byte[]> words = reader.next();
                if (words == null) {
                    break;
                }
                execute(words);
                if (requestBytes > 0) {
                    forgetRequest();
                }
                if (isFull) {
                    isFull = false;
                    flush();
                    replies.awaitRoom();
                }
            }
        } catch (RespException e) {
            replyError(e);
        } catch (IOException e) {
            // The client is gone, or too large.
            replies.end();
        } finally {
            forgetRequest();
            transaction.forget();
            flush();
            replies.complete();
        }
    }

    private void execute(List<byte[]> words) throws InterruptedException {
        isThisSilent = isSilent || isNextSilent;
        isNextSilent = false;
        try {
            RedisCommand command = RedisCommand.of(words);
            if (lastCommand != command.redisName()) { // written for other threads, which costs more than a look
                lastCommand = command.redisName();
            }
            gateway.countCommand();
            if (!isAuthenticated && !command.isAllowedToStrangers()) {
                throw new RespException("NOAUTH Authentication required.");
            }
            if (!isResp3 && !subscriptions.isEmpty() && !command.isAllowedToSubscribers()) {
                throw new RespException("ERR Can't execute '" + command.redisName() + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / "
                        + "PING / QUIT / RESET are allowed in this context");
            }
            if (transaction.isOpen() && !command.endsQueue()) {
                transaction.add(command, words);
            } else {
                command.run(new Call(this, command, words, this));
            }
            if (queued != transaction.size()) {
                queued = transaction.size();
            }
        } catch (RespException e) {
            if (RedisCommand.isOfHttp(words.getFirst())) {
                gateway.warnOfHttp(channel);
                replies.end();
            } else {
                transaction.fail();
                replyError(e);
            }
        } catch (IOException e) {
            replyError(new RespException(ReplyQueue.reason(e, false)));
            hasQuit = true;
        }
    }

    private void replyError(RespException e) {
        reply(out -> out.error(e.getMessage()));
    }

    @Override
    public void send(Call call, byte[] request, Answer answer) throws IOException, InterruptedException {
        while (!replies.mayStart()) {
            flush();
            replies.awaitRoom();
        }
        hasUnsent = true;
        var waiting = replies.new Request(answer, call.command().isWrite(), isResp3, isThisSilent);
        try {
            gateway.server().send(request, waiting);
        } catch (IOException e) {
            waiting.failed(e, false);
        }
    }

    @Override
    public void sendEach(Call call, List<byte[]> requests, Answers answers) throws RespException, IOException, InterruptedException {
        if (requests.size() > Command.Transaction.MAX_COMMANDS) {
            throw new RespException("ERR more than " + Command.Transaction.MAX_COMMANDS + " keys in one command");
        }
        send(call, CommandEncoder.transaction(true, requests), (result, out) -> {
            if (result.isError()) {
                result.writeError(out);
            } else {
                answers.write(result.items(), out);
            }
        });
    }

    @Override
    public void reply(Consumer<RespWriter> reply) {
        if (!isThisSilent && !replies.reply(reply, isResp3)) {
            isFull = true;
        }
    }

    @Override
    public Result ask(Call call, byte[] request) throws RespException, IOException, InterruptedException {
        hasUnsent = false;
        return Result.of(gateway.server().ask(request));
    }

    /// Something that the client did not ask for just now. Any thread; never blocks.
    void push(Consumer<RespWriter> message) {
        replies.push(message, isResp3);
    }

    @Override
    public void willBlock() {
        lastCommandAt = System.nanoTime();
        if (hasUnsent) {
            // Clients whose commands have come meanwhile add their requests: all leave in one packet.
            Thread.yield();
            flush();
        }
    }

    private void flush() {
        if (hasUnsent) {
            hasUnsent = false;
            gateway.server().flush();
        }
    }

    @Override
    public void holds(int bytes) throws IOException {
        if (!gateway.memory().take(bytes - requestBytes)) {
            throw new IOException("no memory for a request of " + bytes + " bytes");
        }
        requestBytes = bytes;
    }

    private void forgetRequest() {
        gateway.memory().give(requestBytes);
        requestBytes = 0;
    }

    // What commands change and ask.

    Gateway gateway() {
        return gateway;
    }

    Transaction transaction() {
        return transaction;
    }

    Subscriptions subscriptions() {
        return subscriptions;
    }

    long id() {
        return id;
    }

    boolean isResp3() {
        return isResp3;
    }

    void setResp3(boolean newIsResp3) {
        isResp3 = newIsResp3;
    }

    boolean isAuthenticated() {
        return isAuthenticated;
    }

    void setAuthenticated(boolean newIsAuthenticated) {
        isAuthenticated = newIsAuthenticated;
        reader.limitAsStranger(!newIsAuthenticated);
    }

    boolean isSubscriber() {
        return !subscriptions.isEmpty();
    }

    byte[] name() {
        return name;
    }

    void setName(byte[] newName) {
        name = newName;
    }

    void setLibrary(String option, String value) {
        if (option.equals("LIB-NAME")) {
            libraryName = value;
        } else {
            libraryVersion = value;
        }
    }

    void replyToAll() {
        isSilent = false;
        isThisSilent = false;
    }

    void replyToNone() {
        isSilent = true;
    }

    void skipNextReply() {
        isNextSilent = !isSilent;
    }

    /// Reads no more commands; those before it are answered.
    void endInput() {
        hasQuit = true;
    }

    /// Makes it a new connection, but for its name on the wire.
    void reset() {
        transaction.forget();
        gateway.pubSub().leave(this);
        replyToAll();
        setResp3(false);
        setName(new byte[0]);
        setAuthenticated(gateway.config().password().isEmpty());
    }

    /// Takes no more commands; those that have arrived are answered.
    void drain() {
        try {
            channel.shutdownInput();
        } catch (IOException e) {
            replies.end();
        }
    }

    /// Ends it with an error as the last thing that the client is told. Any thread; never blocks.
    void fail(String error) {
        replies.fail(error);
    }

    /// Ends it at once.
    void close() {
        replies.end();
    }

    /// A line of CLIENT LIST.
    String describe() {
        long now = System.nanoTime();
        return "id=" + id + " addr=" + Gateway.shown(channel, true) + " laddr=" + Gateway.shown(channel, false) + " fd=-1 name="
                + new String(name, ISO_8859_1)
                + " age=" + TimeUnit.NANOSECONDS.toSeconds(now - connectedAt)
                + " idle=" + TimeUnit.NANOSECONDS.toSeconds(now - lastCommandAt)
                + " flags=" + (isSubscriber() ? "P" : queued >= 0 ? "x" : "N") + " db=0 sub=" + subscriptions.channels()
                + " psub=" + subscriptions.patterns() + " ssub=0 multi=" + queued + " qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0"
                + " rbp=0 obl=0 oll=0 omem=" + replies.waitingBytes() + " tot-mem=" + replies.waitingBytes() + " events=r cmd="
                + lastCommand + " user=default redir=-1 resp=" + (isResp3 ? 3 : 2) + " lib-name=" + libraryName + " lib-ver="
                + libraryVersion;
    }
}
