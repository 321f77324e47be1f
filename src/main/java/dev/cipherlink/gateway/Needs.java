package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.command.Verb;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// What the session has subscribed to for the clients of a gateway, each thing once, however many clients need it.
///
/// Not thread-safe: [PubSub] has a lock for it.
final class Needs {

    private static final Logger LOG = System.getLogger(Needs.class.getName());

    private final Gateway gateway;
    private final Map<Need, Integer> needs = new LinkedHashMap<>();

    Needs(Gateway gateway) {
        this.gateway = gateway;
    }

    /// Something that the session has subscribed to.
    ///
    /// @param undo the verb that ends it
    record Need(Verb verb, Verb undo, ByteBuffer argument) {
        byte[] request() {
            return CommandEncoder.join(verb, argument.array());
        }

        byte[] undoRequest() {
            return CommandEncoder.join(undo, argument.array());
        }
    }

    static List<Need> ofChannel(byte[] channel) throws RespException {
        List<Need> needs = new ArrayList<>();
        String text = new String(channel, ISO_8859_1);
        if (text.startsWith(PubSub.KEYSPACE)) {
            byte[] key = Arrays.copyOfRange(channel, PubSub.KEYSPACE.length(), channel.length);
            needs.add(watch(RedisKey.toStore(key)));
        } else if (text.startsWith(PubSub.KEYEVENT)) {
            needs.add(watch(new byte[0]));
        }
        needs.add(new Need(Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, ByteBuffer.wrap(RedisKey.toStore(channel))));
        return needs;
    }

    static List<Need> ofPattern(GlobPattern pattern) {
        byte[] prefix = pattern.literalPrefix();
        List<Need> needs = new ArrayList<>();
        String text = new String(prefix, ISO_8859_1);
        if (text.startsWith(PubSub.KEYSPACE)) {
            byte[] key = Arrays.copyOfRange(prefix, PubSub.KEYSPACE.length(), prefix.length);
            needs.add(watch(RedisKey.prefixToStore(key, key.length)));
        } else if (text.startsWith(PubSub.RESERVED)) {
            needs.add(watch(new byte[0]));
        }
        needs.add(new Need(Verb.PSUBSCRIBE, Verb.PUNSUBSCRIBE, ByteBuffer.wrap(RedisKey.prefixToStore(prefix, prefix.length))));
        return needs;
    }

    private static Need watch(byte[] prefix) {
        return new Need(Verb.WATCH, Verb.UNWATCH, ByteBuffer.wrap(prefix));
    }

    /// @param confirming run as soon as the server has done the last of them, by the thread that reads it: before the next event
    void acquire(List<Need> wanted, Runnable confirming) throws RespException, IOException, InterruptedException {
        List<Need> acquired = new ArrayList<>();
        for (Need need : wanted) {
            boolean isLast = need == wanted.getLast();
            if (needs.merge(need, 1, Integer::sum) == 1) {
                var outcome = new Outcome(isLast ? confirming : () -> { });
                try {
                    gateway.server().send(need.request(), outcome);
                    gateway.server().flush();
                    outcome.await();
                } catch (RespException | IOException | InterruptedException e) {
                    needs.remove(need);
                    release(acquired);
                    throw e;
                }
            } else if (isLast) {
                confirming.run();
                if (!gateway.server().isOpen()) {
                    throw new IOException("the session is lost, and its subscriptions with it");
                }
            }
            acquired.add(need);
        }
    }

    /// What becomes of one request.
    private static final class Outcome implements ReplyHandler {
        private final CompletableFuture<Reply> reply = new CompletableFuture<>();
        private final Runnable done;

        Outcome(Runnable done) {
            this.done = done;
        }

        @Override
        public void answered(Reply answer) {
            if (!answer.isError()) {
                done.run();
            }
            reply.complete(answer);
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            reply.completeExceptionally(cause);
        }

        void await() throws RespException, IOException, InterruptedException {
            try {
                if (reply.get().isError()) {
                    throw Result.of(reply.get()).toException();
                }
            } catch (ExecutionException e) {
                throw new IOException(e.getCause());
            }
        }
    }

    void release(List<Need> released) {
        for (Need need : released) {
            if (needs.merge(need, -1, Integer::sum) <= 0) {
                needs.remove(need);
                // Not waited for: it stands before whatever is asked next.
                send(need.undoRequest());
            }
        }
    }

    private void send(byte[] request) {
        try {
            gateway.server().sendInSession(request, new Outcome(() -> { }));
        } catch (IOException e) {
            // The session, and with it the subscription, has ended.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Subscribes anew, in a session that knows of nothing.
    void renew() {
        needs.keySet().forEach(need -> send(need.request()));
    }
}
