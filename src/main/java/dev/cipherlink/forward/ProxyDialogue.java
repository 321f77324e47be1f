package dev.cipherlink.forward;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongSupplier;

/// The beginning of a connection to a proxy port: the program says where it wants to go, and is told what became of that.
///
/// Takes nothing beyond the request, so that what follows is the program's own. Blocks; the caller bounds the time.
public interface ProxyDialogue {

    /// Reads the request, which [#granted] or [#refused] answers.
    ///
    /// @throws ProtocolException if it is malformed, or asks for what is not served; that was answered already
    /// @throws IOException       if the program went away
    ForwardTarget request() throws IOException;

    /// From now on the bytes are the target's.
    void granted() throws IOException;

    /// @param why a [ForwardTarget.TargetException] if the server did not connect to the target
    void refused(IOException why) throws IOException;

    /// The one that the first byte begins: SOCKS has its version there, HTTP the name of a method.
    ///
    /// @param in        supports marks
    /// @param passwords who may ask; empty for everybody
    /// @throws ProtocolException if it is neither
    static ProxyDialogue begin(InputStream in, OutputStream out, Optional<Socks.SocksPasswords> passwords) throws IOException {
        in.mark(1);
        int first = in.read();
        in.reset();
        if (first == Socks.VERSION || first == Socks.OLD_VERSION) {
            return new Socks(in, out, passwords);
        }
        if (first >= 'A' && first <= 'Z') {
            return new HttpConnect(in, out, passwords);
        }
        throw first < 0 ? new EOFException("closed without a request")
                : new ProtocolException("neither SOCKS nor HTTP: it begins with byte " + first);
    }

    /// Input of a program in a dialogue, with one deadline for all of it: a byte now and then gains no time. Buffered.
    ///
    /// Sets the socket's read timeout before each read of the socket; the next user of the socket resets it. Closing it closes what it
    /// reads.
    final class DialogueInput extends BufferedInputStream {

        private static final int BUFFER_BYTES = 1_024;

        /// @param limit from now on
        DialogueInput(Socket socket, Duration limit, LongSupplier nanoClock) throws IOException {
            super(new Limited(socket, limit, nanoClock), BUFFER_BYTES);
        }

        /// @param in has a deadline
        public DialogueInput(InputStream in) {
            super(in, BUFFER_BYTES);
        }

        /// What was read of the bytes behind the dialogue.
        public byte[] rest() {
            return Arrays.copyOfRange(buf, pos, count);
        }

        private static final class Limited extends FilterInputStream {

            private final Socket socket;
            private final LongSupplier nanoClock;
            private final long deadline;
            private final Duration limit;

            Limited(Socket socket, Duration limit, LongSupplier nanoClock) throws IOException {
                super(socket.getInputStream());
                this.socket = socket;
                this.limit = limit;
                this.nanoClock = nanoClock;
                deadline = nanoClock.getAsLong() + limit.toNanos();
            }

            /// @throws SocketTimeoutException at the deadline
            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                long left = deadline - nanoClock.getAsLong();
                if (left <= 0) {
                    throw new SocketTimeoutException("a dialogue that takes longer than " + limit.toMillis() + " ms");
                }
                socket.setSoTimeout((int) Math.ceilDiv(left, 1_000_000));
                return super.read(buffer, offset, length);
            }
        }
    }
}
