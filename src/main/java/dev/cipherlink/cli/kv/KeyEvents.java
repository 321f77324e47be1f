package dev.cipherlink.cli.kv;

import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.command.Event;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.console.Output;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.JsonEvents;
import dev.cipherlink.text.OneShot;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/// `kv WATCH`: the changes of keys as they come, a line each, `set KEY`, `deleted KEY` or `expired KEY`, or with `--json` an object; and
/// `kv SUBSCRIBE`: what is published, the channel and the payload. Warnings go
/// to stderr, or with `--json` between the others as objects.
final class KeyEvents {
    /// Events that wait for a stdout that is read slowly; more are counted only.
    private static final int MAX_WAITING = 65_536;
    private static final byte[] LINE_END = {'\n'};

    private final CliClient connection;
    private final byte[] watch;
    private final Output output;
    private final BlockingQueue<Object> news = new LinkedBlockingQueue<>();
    private final AtomicLong skipped = new AtomicLong();

    /// A session that is new, after the one before was lost.
    private record Renewed() {
    }

    private record Gone(IOException cause) {
    }

    private record Warning(String text) {
    }

    /// @param watch the command: WATCH, SUBSCRIBE or PSUBSCRIBE
    KeyEvents(CliClient connection, byte[] watch, Output output) {
        this.connection = connection;
        this.watch = watch;
        this.output = output;
    }

    /// Blocks until the connection is lost for good; a signal ends it before.
    ///
    /// @throws CliException if the server refuses it, or is gone
    void run() throws InterruptedException {
        connection.client().onConnectionChange(this::changed);
        connection.client().onEvent(this::heard);
        watch();
        while (true) {
            if (news.isEmpty()) {
                output.flush();
            }
            show(news.take());
        }
    }

    private void watch() throws InterruptedException {
        var reply = connection.request(watch);
        if (reply.isError()) {
            throw new CliException(ExitStatus.of(reply), OneShot.head(watch) + ": " + TerminalText.escapeLine(reply.reason()));
        }
    }

    private void heard(byte[] event) {
        if (news.size() < MAX_WAITING) {
            news.add(event);
        } else if (skipped.getAndIncrement() == 0) {
            news.add(skipped);
        }
    }

    private void changed(ConnectionState state) {
        switch (state) {
            case ConnectionState.Retrying(int attempt, var _, IOException cause) when attempt <= 1 ->
                    news.add(new Warning("connection lost: " + FailureText.of(cause) + "; it is established again"));
            case ConnectionState.Retrying _ -> { }
            case ConnectionState.Connected(boolean isResumed, int _, var _) ->
                    news.add(isResumed ? new Warning("connected again, nothing was missed") : new Renewed());
            case ConnectionState.Closed(IOException cause) -> news.add(new Gone(cause));
        }
    }

    private void show(Object item) throws InterruptedException {
        switch (item) {
            case byte[] event -> show(event);
            case Warning(String text) -> warn(text);
            case Renewed _ -> {
                warn("connected again in a new session: changes in between were not told");
                watch();
            }
            case Gone(IOException cause) -> throw connection.lost(FailureText.of(cause), false, cause);
            default -> warn(skipped.getAndSet(0) + " changes were not shown: stdout is read too slowly");
        }
    }

    private void show(byte[] payload) {
        Event event;
        try {
            event = Event.decode(payload, 0, payload.length);
        } catch (ProtocolException _) {
            warn("an event that this version does not know: " + TerminalText.escapeLine(new String(payload, StandardCharsets.UTF_8)));
            return;
        }
        if (output.isJson()) {
            output.line(Json.object(JsonEvents.members(event)));
            return;
        }
        switch (event) {
            case Event.KeySet(String key) -> line("set " + key);
            case Event.KeyDeleted(String key) -> line("deleted " + key);
            case Event.KeyExpired(String key) -> line("expired " + key);
            case Event.Published(String channel, byte[] published) -> published(channel, published);
            case Event.Missed(long count) -> warn(count + " publications were missed: this session reads too slowly");
            case Event.Notice(String text) -> warn(text);
            default -> { } // of rooms, which this session has not entered
        }
    }

    private void published(String channel, byte[] payload) {
        byte[] head = (channel + " ").getBytes(StandardCharsets.UTF_8);
        if (output.isStdoutTerminal()) {
            output.line(TerminalText.escapeLine(channel + " " + TerminalText.escape(payload)));
        } else {
            output.bytes(head, head.length);
            output.bytes(payload, payload.length);
            output.bytes(LINE_END, LINE_END.length);
        }
    }

    private void line(String text) {
        if (output.isStdoutTerminal()) {
            output.line(TerminalText.escapeLine(text));
        } else {
            byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
            output.bytes(bytes, bytes.length);
        }
    }

    private void warn(String text) {
        if (output.isJson()) {
            output.line(Json.object(JsonEvents.named("warning", "message", text)));
            output.flush();
        } else {
            output.notice("cipherlink: " + TerminalText.escapeLine(text));
        }
    }
}
