package dev.cipherlink.channel;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/// The bytes of a peer, turn by turn: the next one is asked for its bytes when somebody waits for them, and so can
/// answer what was sent until then. After the last turn the stream ends.
final class Turns extends InputStream {

    private final Turn[] turns;
    private int taken;
    private ByteArrayInputStream current = new ByteArrayInputStream(new byte[0]);

    /// The bytes of one turn.
    interface Turn {
        byte[] bytes() throws IOException;
    }

    Turns(Turn... turns) {
        this.turns = turns;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        while (current.available() == 0 && taken < turns.length) {
            current = new ByteArrayInputStream(turns[taken++].bytes());
        }
        return current.read(target, offset, length);
    }
}
