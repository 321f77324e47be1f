package dev.cipherlink.prompt;

import dev.cipherlink.command.Reply;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A queue for requests that the server rate-limits (`chat.rate`). They stay in order, one is in flight at a time, and a
/// request that came too early is sent again after the pause that the server named. Thread-safe; nothing blocks.
final class ChatLane {
    private static final Pattern TOO_EARLY = Pattern.compile("too much at once; try again in (\\d{1,6}) ms");

    /// A queued request and the future of its answer.
    record Kept(byte[] command, CompletableFuture<Reply> answer) {
        Kept(byte[] command) {
            this(command, new CompletableFuture<>());
        }
    }

    private final Deque<Kept> waiting = new ArrayDeque<>();
    private final BooleanSupplier isUp;
    private final Consumer<Kept> send;
    private boolean isBusy;

    /// @param isUp whether there is a connection to send on
    /// @param send sends one request and completes its future with the answer; called without a lock
    ChatLane(BooleanSupplier isUp, Consumer<Kept> send) {
        this.isUp = isUp;
        this.send = send;
    }

    /// @param most maximum number of queued requests
    void add(Kept request, int most) {
        synchronized (this) {
            if (waiting.size() >= most) {
                request.answer.completeExceptionally(new IOException("not sent, too many lines wait for the server"));
                return;
            }
            waiting.add(request);
        }
        sendNext();
    }

    synchronized int size() {
        return waiting.size();
    }

    /// Removes and returns all requests that have not been sent.
    synchronized List<Kept> takeAll() {
        List<Kept> taken = new ArrayList<>(waiting);
        waiting.clear();
        return taken;
    }

    /// To be called after a reconnect; otherwise the lane continues by itself.
    void sendNext() {
        Kept next;
        synchronized (this) {
            if (isBusy || waiting.isEmpty() || !isUp.getAsBoolean()) {
                return;
            }
            isBusy = true;
            next = waiting.removeFirst();
        }
        var attempt = new Kept(next.command);
        attempt.answer.whenComplete((reply, failure) -> answered(next, reply, failure));
        send.accept(attempt);
    }

    private void answered(Kept request, Reply reply, Throwable failure) {
        Optional<Long> pause = failure == null ? pauseMillis(reply) : Optional.empty();
        if (pause.isPresent()) {
            synchronized (this) {
                waiting.addFirst(request);
            }
            CompletableFuture.delayedExecutor(pause.get(), TimeUnit.MILLISECONDS).execute(this::goOn);
            return;
        }
        if (failure == null) {
            request.answer.complete(reply);
        } else {
            request.answer.completeExceptionally(failure);
        }
        goOn();
    }

    private void goOn() {
        synchronized (this) {
            isBusy = false;
        }
        sendNext();
    }

    /// The pause that the server demands before it takes this request; empty if it took it, or refused it for another
    /// reason.
    static Optional<Long> pauseMillis(Reply reply) {
        Matcher tooEarly = TOO_EARLY.matcher(reply.isError() ? reply.reason() : "");
        return tooEarly.matches() ? Optional.of(Long.parseLong(tooEarly.group(1))) : Optional.empty();
    }
}
