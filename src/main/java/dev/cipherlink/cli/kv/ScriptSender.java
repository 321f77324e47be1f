package dev.cipherlink.cli.kv;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.KeyListing;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.command.Verb;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.OneShot;
import dev.cipherlink.text.Quotes;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// Reads a script and sends its commands, on a thread of its own: a read from stdin cannot be interrupted.
final class ScriptSender implements Runnable {
    private static final int MAX_LINE_BYTES = 64 << 20;

    private final ScriptReader script;
    private final boolean quotes;
    private final Client client;
    private final ScriptQueue queue;
    private volatile long bytesTaken;

    /// @param quotes whether [Quotes] are syntax
    ScriptSender(InputStream in, boolean quotes, Client client, ScriptQueue queue) {
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
    private ScriptReader.Line understood(ScriptReader.Line line) {
        if (line.bytes() == null) {
            throw CliException.usage("longer than " + SizeText.format(MAX_LINE_BYTES) + ", skipped");
        }
        ScriptReader.Line meant = quotes ? new ScriptReader.Line(line.number(), Quotes.resolve(line.bytes())) : line;
        if (verb(meant.bytes()) == Verb.WATCH) {
            throw CliException.usage("WATCH has no answers but events: cipherlink kv WATCH prefix shows them");
        }
        return meant;
    }

    private static Verb verb(byte[] command) {
        int end = 0;
        while (end < command.length && command[end] != ' ') {
            end++;
        }
        return Verb.of(command, 0, end);
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
                    reply.isError() ? OneShot.head(line.bytes()) : null, reply, goesOn));
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
        record Answered(int line, Verb verb, String head, Reply reply, boolean goesOn) implements ScriptOutcome {
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

    /// Splits a stream into command lines: bytes, since values need not be UTF-8.
    ///
    /// A line ends with LF or CR LF, or with the stream. A byte order mark in front of the first one is dropped. Blank lines and lines whose first character is `#` are skipped but
    /// counted; spaces and tabs in front of a command are dropped, everything behind its first character is kept. Used by
    /// one thread.
    static final class ScriptReader {
        private static final int INITIAL_BYTES = 64 * 1024;
        private static final int NONE = -1;
        private static final int TOO_LONG = -2;

        private final InputStream in;
        private final int maxLineBytes;
        private byte[] buffer = new byte[INITIAL_BYTES];
        private int start;
        private int end;
        private int lineNumber;
        private long bytesTaken;
        private boolean ended;

        /// A command and the number of its line, from 1; `bytes` is null if the line was longer than allowed.
        record Line(int number, byte[] bytes) {
        }

        ScriptReader(InputStream in, int maxLineBytes) {
            this.in = in;
            this.maxLineBytes = maxLineBytes;
        }

        /// Whether [#next] may block: there is no whole line in the buffer.
        boolean isExhausted() {
            return lineFeedFrom(start) < 0 && !ended;
        }

        /// Bytes of all lines returned or skipped until now.
        long bytesTaken() {
            return bytesTaken;
        }

        /// Takes the next command. Blocks on the stream.
        ///
        /// @return null at the end
        Line next() throws IOException {
            while (true) {
                int lineEnd = awaitLineEnd();
                if (lineEnd == TOO_LONG) {
                    lineNumber++;
                    skipLine();
                    return new Line(lineNumber, null);
                }
                if (lineEnd == start && start == end) {
                    return null;
                }
                lineNumber++;
                Line line = command(start, lineEnd);
                take(lineEnd);
                if (line != null) {
                    return line;
                }
            }
        }

        /// Reads until the buffer holds the whole line.
        ///
        /// @return the index of its line feed, or the end of the stream's bytes, or [#TOO_LONG]
        private int awaitLineEnd() throws IOException {
            int searched = start;
            while (true) {
                int lineEnd = lineFeedFrom(searched);
                if (lineEnd >= 0) {
                    return lineEnd;
                }
                searched = end;
                if (ended) {
                    return end;
                }
                if (end - start > maxLineBytes) {
                    return TOO_LONG;
                }
                searched -= makeRoom();
                read();
            }
        }

        private void skipLine() throws IOException {
            while (lineFeedFrom(start) < 0 && !ended) {
                take(end - 1);
                makeRoom();
                read();
            }
            take(Math.max(start, lineFeedFrom(start)));
        }

        private void take(int lineEnd) {
            int next = Math.min(end, lineEnd + 1);
            bytesTaken += next - start;
            start = next;
        }

        private void read() throws IOException {
            int count = in.read(buffer, end, buffer.length - end);
            if (count < 0) {
                ended = true;
            } else {
                end += count;
            }
        }

        /// Moves what is left to the front, or doubles the buffer, so that there is room to read.
        ///
        /// @return how far the bytes moved
        private int makeRoom() {
            if (end < buffer.length) {
                return 0;
            }
            int moved = start;
            if (start == 0) {
                buffer = Arrays.copyOf(buffer, buffer.length * 2);
            } else {
                System.arraycopy(buffer, start, buffer, 0, end - start);
                end -= start;
                start = 0;
            }
            return moved;
        }

        private int lineFeedFrom(int from) {
            for (int i = from; i < end; i++) {
                if (buffer[i] == '\n') {
                    return i;
                }
            }
            return NONE;
        }

        private Line command(int from, int lineEnd) throws IOException {
            int first = lineNumber == 1 ? behindMark(from, lineEnd) : from;
            while (first < lineEnd && (buffer[first] == ' ' || buffer[first] == '\t')) {
                first++;
            }
            int last = lineEnd > first && buffer[lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
            if (first >= last || buffer[first] == '#') {
                return null;
            }
            return new Line(lineNumber, Arrays.copyOfRange(buffer, first, last));
        }

        /// @throws IOException if the stream is UTF-16, as editors on Windows write it
        private int behindMark(int from, int lineEnd) throws IOException {
            int first = lineEnd - from >= 2 ? (buffer[from] & 0xFF) << 8 | buffer[from + 1] & 0xFF : 0;
            if (first == 0xFEFF || first == 0xFFFE) {
                throw new IOException("it is UTF-16; save it as UTF-8");
            }
            return first == 0xEFBB && lineEnd - from >= 3 && buffer[from + 2] == (byte) 0xBF ? from + 3 : from;
        }
    }
}
