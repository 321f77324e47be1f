package dev.cipherlink.cli;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/// What a load consists of: which commands, over which keys, with which values. Immutable, shared by all clients.
final class LoadPlan {
    private static final byte[] SET = {'S', 'E', 'T', ' '};
    private static final byte[] DELETE = {'D', 'E', 'L', 'E', 'T', 'E', ' '};
    private static final String GET = "GET ";
    private static final int KEY_ID_BYTES = 4;

    /// The command for each key: ready to be sent, and where the key's bytes are taken from.
    private final byte[][] gets;
    private final byte[] value;
    private final int getShare;
    private final int setShare;

    /// @param keyspace how many keys; they begin with `bench:` and a random word of this run, so that they meet no other
    /// @param getShare parts of the requests that are GET
    /// @param setShare parts of the requests that are SET
    LoadPlan(int keyspace, int valueBytes, int getShare, int setShare, RandomGenerator random) {
        byte[] id = new byte[KEY_ID_BYTES];
        random.nextBytes(id);
        gets = new byte[keyspace][];
        for (int i = 0; i < keyspace; i++) {
            gets[i] = (GET + "bench:" + HexFormat.of().formatHex(id) + ":" + i).getBytes(StandardCharsets.US_ASCII);
        }
        value = new byte[valueBytes];
        for (int i = 0; i < valueBytes; i++) {
            value[i] = (byte) random.nextInt(' ', 0x7F);
        }
        this.getShare = getShare;
        this.setShare = setShare;
    }

    int keyspace() {
        return gets.length;
    }

    boolean hasGets() {
        return getShare > 0;
    }

    boolean nextIsGet(RandomGenerator random) {
        return setShare == 0 || getShare > 0 && random.nextInt(getShare + setShare) < getShare;
    }

    byte[] get(int key) {
        return gets[key];
    }

    byte[] delete(int key) {
        return join(DELETE, key, 0);
    }

    byte[] set(int key) {
        byte[] command = join(SET, key, 1 + value.length);
        int end = command.length - value.length;
        command[end - 1] = ' ';
        System.arraycopy(value, 0, command, end, value.length);
        return command;
    }

    /// @param moreBytes left free behind the key
    private byte[] join(byte[] verb, int key, int moreBytes) {
        byte[] get = gets[key];
        int keyBytes = get.length - GET.length();
        byte[] command = new byte[verb.length + keyBytes + moreBytes];
        System.arraycopy(verb, 0, command, 0, verb.length);
        System.arraycopy(get, GET.length(), command, verb.length, keyBytes);
        return command;
    }

    /// Whether the payload is what the server must answer: `OK`, or a value of the right size.
    boolean isExpected(boolean isGet, byte[] payload) {
        return isGet ? payload.length == value.length + 1 && payload[value.length] == '\n'
                : payload.length == 3 && payload[0] == 'O' && payload[1] == 'K' && payload[2] == '\n';
    }
}
