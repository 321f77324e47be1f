package dev.cipherlink.prompt;

import dev.cipherlink.client.Client.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jline.utils.AttributedString;

/// Our own messages, from the moment they are typed until it is known what became of them. Thread-safe.
final class Deliveries {
    /// A message without an answer is shown as waiting after this time; most are answered before.
    private static final long PATIENCE_MILLIS = 400;
    private static final Pattern STORED = Pattern.compile("OK (\\d{1,18})");

    private final ChatConnection connection;
    private final ChatLines lines;
    private final EventView view;
    private final JoinedRooms rooms;
    private final AtomicInteger underWay = new AtomicInteger();

    Deliveries(ChatConnection connection, ChatLines lines, EventView view, JoinedRooms rooms) {
        this.connection = connection;
        this.lines = lines;
        this.view = view;
        this.rooms = rooms;
    }

    /// Messages without an answer.
    int underWay() {
        return underWay.get();
    }

    CompletableFuture<ExitStatus> say(String room, String text) {
        Instant now = Instant.now();
        CompletableFuture<Reply> answer = request("SAY " + room + " " + text);
        answer.thenAccept(reply -> id(reply).ifPresent(id -> view.said(room, id)));
        return deliver(answer, now, fate -> lines.said(now, room, text, fate),
                () -> TypedLine.saying(room, rooms.current(), text));
    }

    CompletableFuture<ExitStatus> tell(String name, String text) {
        Instant now = Instant.now();
        return deliver(request("TELL " + name + " " + text), now, fate -> lines.told(now, name, text, fate),
                () -> SlashCommand.MSG.word() + " " + name + " " + text);
    }

    private CompletableFuture<Reply> request(String command) {
        return connection.request(command.getBytes(StandardCharsets.UTF_8));
    }

    /// Of the message, from `OK <id>`.
    private static OptionalLong id(Reply reply) {
        Matcher stored = STORED.matcher(reply.text());
        return stored.matches() ? OptionalLong.of(Long.parseLong(stored.group(1))) : OptionalLong.empty();
    }

    /// @param again what to type to try once more
    private CompletableFuture<ExitStatus> deliver(CompletableFuture<Reply> answer, Instant at,
            Function<DeliveryState, AttributedString> line, Supplier<String> again) {
        underWay.incrementAndGet();
        CompletableFuture<DeliveryState> fate = answer.handle((reply, failure) -> fate(reply, failure));
        var isTold = new AtomicBoolean();
        CompletableFuture.delayedExecutor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS).execute(() -> {
            synchronized (isTold) { // the news must not come before the olds
                if (!isTold.get() && !connection.isPacing()) { // in a long queue, which the status line counts, each comes soon
                    view.own(at, line.apply(new DeliveryState.Queued()), new DeliveryState.Queued());
                }
            }
        });
        return fate.thenApply(known -> {
            underWay.decrementAndGet();
            synchronized (isTold) {
                isTold.set(true);
                view.own(at, line.apply(known), known);
                if (known instanceof DeliveryState.Failed) {
                    view.giveBack(again);
                }
            }
            return known.status();
        });
    }

    private static DeliveryState fate(Reply reply, Throwable failure) {
        if (failure instanceof OutcomeUnknownException) {
            return new DeliveryState.Unknown();
        }
        if (failure != null) {
            return new DeliveryState.Failed(failure(failure, true));
        }
        return reply.isError() ? new DeliveryState.Failed(reply.reason()) : new DeliveryState.Stored();
    }

    /// Why a request has no answer.
    ///
    /// @param leavesTrace whether it matters if the request ran
    static String failure(Throwable failure, boolean leavesTrace) {
        Throwable cause = failure instanceof CompletionException wrapped && wrapped.getCause() != null ? wrapped.getCause()
                : failure;
        if (cause instanceof OutcomeUnknownException) {
            return leavesTrace ? "the connection was lost before the answer came: whether it ran is unknown"
                    : "the connection was lost before the answer came";
        }
        return FailureText.of(cause);
    }

    /// What became of a message that was typed here.
    sealed interface DeliveryState {

        /// How a program that was to send this message, and nothing else, would end.
        default ExitStatus status() {
            return switch (this) {
                case Queued _, Stored _, Delivered _ -> ExitStatus.DONE;
                case Failed _ -> ExitStatus.REFUSED;
                case Unknown _ -> ExitStatus.UNKNOWN_OUTCOME;
            };
        }

        /// It has not been sent, or has no answer yet.
        record Queued() implements DeliveryState {
        }

        /// The server has it.
        record Stored() implements DeliveryState {
        }

        /// It is with who it was for.
        record Delivered() implements DeliveryState {
        }

        /// The server refused it, or it was never sent.
        record Failed(String why) implements DeliveryState {
        }

        /// It was sent, and the connection was lost before the answer came.
        record Unknown() implements DeliveryState {
        }
    }
}
