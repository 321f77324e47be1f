package dev.cipherlink.prompt;

import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
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

/// Tracks the delivery of our own messages from Enter to the final state. Thread-safe.
final class Deliveries {
    /// A message without an answer after this time is shown as waiting; most are answered sooner.
    private static final long PATIENCE_MILLIS = 400;
    private static final Pattern STORED = Pattern.compile("OK (\\d{1,18})");

    private final ChatConnection connection;
    private final ChatLines lines;
    private final EventView view;
    private final JoinedRooms rooms;
    private final Optional<SealedMessages> mail;
    private final AtomicInteger underWay = new AtomicInteger();

    Deliveries(ChatConnection connection, ChatLines lines, EventView view, JoinedRooms rooms, Optional<SealedMessages> mail) {
        this.mail = mail;
        this.connection = connection;
        this.lines = lines;
        this.view = view;
        this.rooms = rooms;
    }

    /// Number of messages without an answer.
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

    /// Tells somebody something that the server can read too.
    CompletableFuture<ExitStatus> tell(String name, String text) {
        return direct(request("TELL " + name + " " + text), name, text, "TELL");
    }

    /// Tells somebody something, sealed unless our key is shared.
    CompletableFuture<ExitStatus> seal(String name, String text) {
        return mail.isEmpty() ? tell(name, text) : direct(mail.get().tell(name, text), name, text, SlashCommand.MSG.word());
    }

    private CompletableFuture<ExitStatus> direct(CompletableFuture<Reply> answer, String name, String text, String again) {
        Instant now = Instant.now();
        return deliver(answer, now, fate -> lines.told(now, name, text, fate), () -> again + " " + name + " " + text);
    }

    private CompletableFuture<Reply> request(String command) {
        return connection.request(command.getBytes(StandardCharsets.UTF_8));
    }

    /// The id of the message, from `OK <id>`.
    private static OptionalLong id(Reply reply) {
        Matcher stored = STORED.matcher(reply.text());
        return stored.matches() ? OptionalLong.of(Long.parseLong(stored.group(1))) : OptionalLong.empty();
    }

    /// @param again what to type in order to try once more
    private CompletableFuture<ExitStatus> deliver(CompletableFuture<Reply> answer, Instant at,
            Function<DeliveryState, AttributedString> line, Supplier<String> again) {
        underWay.incrementAndGet();
        CompletableFuture<DeliveryState> fate = answer.handle((reply, failure) -> fate(reply, failure));
        var isTold = new AtomicBoolean();
        CompletableFuture.delayedExecutor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS).execute(() -> {
            synchronized (isTold) { // keeps "waiting" from being shown after the final state
                if (!isTold.get() && !connection.isPacing()) { // a long queue is counted in the status line
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
        if (cause(failure) instanceof OutcomeUnknownException) {
            return new DeliveryState.Unknown();
        }
        if (failure != null) {
            return new DeliveryState.Failed(failure(failure, true));
        }
        return reply.isError() ? new DeliveryState.Failed(reply.reason()) : new DeliveryState.Stored();
    }

    /// Why a request has no answer, as text for the user.
    ///
    /// @param leavesTrace whether it matters if the request ran
    static String failure(Throwable failure, boolean leavesTrace) {
        Throwable cause = cause(failure);
        if (cause instanceof OutcomeUnknownException) {
            return leavesTrace ? "the connection was lost before the answer came: whether it ran is unknown"
                    : "the connection was lost before the answer came";
        }
        return FailureText.of(cause);
    }

    static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException wrapped && wrapped.getCause() != null ? wrapped.getCause() : failure;
    }

    /// The delivery state of a message that was typed here.
    sealed interface DeliveryState {

        /// The exit status of a program that only sent this message.
        default ExitStatus status() {
            return switch (this) {
                case Queued _, Stored _, Delivered _ -> ExitStatus.DONE;
                case Failed _ -> ExitStatus.REFUSED;
                case Unknown _ -> ExitStatus.UNKNOWN_OUTCOME;
            };
        }

        /// Not sent, or not answered yet.
        record Queued() implements DeliveryState {
        }

        /// Accepted by the server.
        record Stored() implements DeliveryState {
        }

        /// Received by its addressee.
        record Delivered() implements DeliveryState {
        }

        /// Refused by the server, or never sent.
        record Failed(String why) implements DeliveryState {
        }

        /// Sent, but the connection was lost before the answer came.
        record Unknown() implements DeliveryState {
        }
    }
}
