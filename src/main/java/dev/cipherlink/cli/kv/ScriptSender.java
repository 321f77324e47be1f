package dev.cipherlink.cli.kv;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.KeyListing;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.command.Verb;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.SealedCommands;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.OneShot;
import dev.cipherlink.text.Quotes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// Reads a script and sends its commands, on a thread of its own: a read from stdin cannot be interrupted.
final class ScriptSender implements Runnable {
    private static final int MAX_LINE_BYTES = 64 << 20;

    private final ScriptReader script;
    private final boolean quotes;
    private final SealedCommands sealing;
    private final Client client;
    private final ScriptQueue queue;
    private volatile long bytesTaken;

    /// @param quotes whether [Quotes] are syntax
    /// @param sealing seals the values that are sent
    ScriptSender(InputStream in, boolean quotes, Client client, SealedCommands sealing, ScriptQueue queue) {
        this.sealing = sealing;
        this.script = new ScriptReader(in, MAX_LINE_BYTES);
        this.quotes = quotes;
        this.client = client;
        this.queue = queue;
    }

    /// Bytes of the script that were sent or skipped.
    long bytesTaken() {
        return bytesTaken;
    }

    @Override
    public void run() {
        try {
            sendAll();
            queue.add(new ScriptOutcome.Ended(null));
        } catch (IOException | InterruptedException | RuntimeException e) {
            queue.add(new ScriptOutcome.Ended(e));
        }
    }

    private void sendAll() throws IOException, InterruptedException {
        ScriptReader.Line line = script.next();
        while (line != null && takeRoom()) {
            try {
                send(understood(line));
            } catch (CliException e) {
                client.flush();
                queue.awaitOthers(); // answers stay in the order of the lines
                queue.add(new ScriptOutcome.Skipped(line.number(), e));
            }
            bytesTaken = script.bytesTaken();
            if (script.isExhausted()) {
                client.flush();
            }
            line = script.next();
        }
        client.flush();
    }

    private boolean takeRoom() throws InterruptedException {
        if (!queue.hasRoom()) {
            client.flush(); // the answers that would make room are answers to what is not flushed yet
        }
        return queue.awaitRoom();
    }

    /// @throws CliException if the line is no command
    private ScriptReader.Line understood(ScriptReader.Line line) throws IOException {
        if (line.bytes() == null) {
            throw CliException.usage("longer than " + SizeText.format(MAX_LINE_BYTES) + ", skipped");
        }
        ScriptReader.Line meant = quotes ? new ScriptReader.Line(line.number(), Quotes.resolve(line.bytes())) : line;
        Verb verb = verb(meant.bytes());
        if (verb == Verb.WATCH || verb == Verb.SUBSCRIBE || verb == Verb.PSUBSCRIBE) {
            throw CliException.usage(verb + " has no answers but events: cipherlink kv " + verb + " shows them");
        }
        String word = verb != null ? "" : OneShot.head(meant.bytes()).split(" ")[0].toUpperCase(Locale.ROOT);
        if (word.equals("END") || word.equals("IF")) {
            throw CliException.usage(word + " belongs to a transaction, behind a line TXN");
        }
        return verb == Verb.TXN ? transaction(meant) : new ScriptReader.Line(line.number(), sealing.seal(meant.bytes()));
    }

    /// The lines from `TXN` to `END`, as one command with the number of the first.
    ///
    /// @throws CliException if one is not understood, or there is no end; the lines up to the end are skipped
    private ScriptReader.Line transaction(ScriptReader.Line first) throws IOException {
        String head = new String(first.bytes(), StandardCharsets.US_ASCII).strip().toUpperCase(Locale.ROOT);
        List<byte[]> commands = new ArrayList<>();
        CliException refusal = head.equals("TXN") || head.equals("TXN EACH") ? null : CliException.usage("usage: TXN [EACH]");
        long bytes = 0;
        while (true) {
            ScriptReader.Line line = script.next();
            if (line == null) {
                throw CliException.usage("TXN without a line END");
            }
            if (line.bytes() != null && new String(line.bytes(), StandardCharsets.US_ASCII).strip().equalsIgnoreCase("END")) {
                break;
            }
            bytes += line.bytes() == null ? MAX_LINE_BYTES : line.bytes().length;
            try {
                if (bytes >= MAX_LINE_BYTES) {
                    throw CliException.usage("longer than " + SizeText.format(MAX_LINE_BYTES) + ", skipped");
                }
                byte[] meant = quotes ? Quotes.resolve(line.bytes()) : line.bytes();
                commands.add(OneShot.head(meant).toUpperCase(Locale.ROOT).startsWith("IF ") ? meant : sealing.seal(meant));
            } catch (CliException e) {
                refusal = refusal == null ? e : refusal;
                commands.clear();
            }
        }
        if (refusal != null) {
            throw refusal;
        }
        return new ScriptReader.Line(first.number(), CommandEncoder.transaction(head.endsWith("EACH"), commands));
    }

    private static Verb verb(byte[] command) {
        return CommandParser.verb(command, 0, command.length);
    }

    private void send(ScriptReader.Line line) throws InterruptedException {
        Optional<KeyListing> listing = KeyListing.ofUnlimited(line.bytes());
        try {
            if (listing.isPresent()) {
                sendPages(line, listing.get());
            } else {
                client.send(line.bytes(), new LineHandler(line));
            }
        } catch (IOException e) {
            queue.add(new ScriptOutcome.Lost(line.number(), OneShot.head(line.bytes()), false, false, e));
            queue.stop();
        }
    }

    /// Sends the requests of a listing one after the other, and nothing else meanwhile: what follows in the script runs behind
    /// all of them. Blocks.
    private void sendPages(ScriptReader.Line line, KeyListing listing) throws IOException, InterruptedException {
        boolean goesOn = true;
        while (goesOn) {
            PageHandler page = new PageHandler(line, listing);
            client.send(listing.request(), page);
            client.flush();
            goesOn = page.awaitGoesOn() && queue.awaitRoom();
        }
    }

    /// Called under the session's lock: hands the outcome over and does no more.
    private final class LineHandler implements ReplyHandler {
        private final ScriptReader.Line line;

        LineHandler(ScriptReader.Line line) {
            this.line = line;
        }

        @Override
        public void answered(Reply reply) {
            answered(reply, false);
        }

        void answered(Reply reply, boolean goesOn) {
            queue.add(new ScriptOutcome.Answered(line.number(), verb(line.bytes()),
                    reply.isError() ? OneShot.head(line.bytes()) : null, reply, goesOn,
                    sealing.opens(reply) ? line.bytes() : null));
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            boolean mayHaveRun = wasSent && CliClient.mayHaveChangedData(line.bytes());
            queue.add(new ScriptOutcome.Lost(line.number(), OneShot.head(line.bytes()), wasSent, mayHaveRun, cause));
            queue.stop();
        }
    }

    /// The same for one page of a listing.
    private final class PageHandler implements ReplyHandler {
        private final LineHandler line;
        private final KeyListing listing;
        private final CompletableFuture<Boolean> goesOn = new CompletableFuture<>();

        PageHandler(ScriptReader.Line line, KeyListing listing) {
            this.line = new LineHandler(line);
            this.listing = listing;
        }

        boolean awaitGoesOn() throws InterruptedException {
            try {
                return goesOn.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }

        @Override
        public void answered(Reply reply) {
            boolean hasNext = !reply.isError() && listing.goesOn(reply);
            line.answered(reply, hasNext);
            goesOn.complete(hasNext);
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            line.failed(cause, wasSent);
            goesOn.complete(false);
        }
    }

    /// The outcome of one line of a script, or of the script.
    sealed interface ScriptOutcome {

        /// Bytes that it keeps in memory, roughly.
        default int bytes() {
            return 0;
        }

        /// The server answered.
        ///
        /// @param verb null if the line begins with none
        /// @param head the first words of the command if the answer is an error, else null
        /// @param goesOn whether this is a part of a long answer, and another follows
        /// @param sealed the command, if the answer may have a sealed value in it, else null
        record Answered(int line, Verb verb, String head, Reply reply, boolean goesOn, byte[] sealed) implements ScriptOutcome {
            @Override
            public int bytes() {
                return reply.payload().length;
            }
        }

        /// The connection ended first.
        ///
        /// @param mayHaveRun the command was on its way, and would have changed data
        record Lost(int line, String head, boolean wasSent, boolean mayHaveRun, IOException cause) implements ScriptOutcome {
        }

        /// The line is no command, and was skipped.
        record Skipped(int line, CliException why) implements ScriptOutcome {
        }

        /// No more lines will come.
        ///
        /// @param failure why the script could not be read to its end, or a fault of ours; null if all is well
        record Ended(Exception failure) implements ScriptOutcome {
        }
    }
}
