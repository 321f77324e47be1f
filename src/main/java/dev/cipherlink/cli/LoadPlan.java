package dev.cipherlink.cli;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/// What a load consists of: which commands, over which keys, with which values. Immutable, shared by all clients.
final class LoadPlan {
    private static final byte[] SET = {'S', 'E', 'T', ' '};
    private static final byte[] GET = {'G', 'E', 'T', ' '};
    private static final byte[] DELETE = {'D', 'E', 'L', 'E', 'T', 'E', ' '};
    private static final int KEY_ID_BYTES = 4;

    private final byte[][] keys;
    private final byte[] value;
    private final int gets;
    private final int sets;

    /// @param keyspace how many keys; they begin with `bench:` and a random word of this run, so that they meet no other
    /// @param gets parts of the requests that are GET
    /// @param sets parts of the requests that are SET
    LoadPlan(int keyspace, int valueBytes, int gets, int sets, RandomGenerator random) {
        byte[] id = new byte[KEY_ID_BYTES];
        random.nextBytes(id);
        keys = new byte[keyspace][];
        for (int i = 0; i < keyspace; i++) {
            keys[i] = ("bench:" + HexFormat.of().formatHex(id) + ":" + i).getBytes(StandardCharsets.US_ASCII);
        }
        value = new byte[valueBytes];
        for (int i = 0; i < valueBytes; i++) {
            value[i] = (byte) random.nextInt(' ', 0x7F);
        }
        this.gets = gets;
        this.sets = sets;
    }

    int keyspace() {
        return keys.length;
    }

    boolean hasGets() {
        return gets > 0;
    }

    boolean nextIsGet(RandomGenerator random) {
        return sets == 0 || gets > 0 && random.nextInt(gets + sets) < gets;
    }

    byte[] get(int key) {
        return join(GET, keys[key]);
    }

    byte[] delete(int key) {
        return join(DELETE, keys[key]);
    }

    byte[] set(int key) {
        byte[] name = keys[key];
        byte[] command = new byte[SET.length + name.length + 1 + value.length];
        System.arraycopy(SET, 0, command, 0, SET.length);
        System.arraycopy(name, 0, command, SET.length, name.length);
        command[SET.length + name.length] = ' ';
        System.arraycopy(value, 0, command, SET.length + name.length + 1, value.length);
        return command;
    }

    private static byte[] join(byte[] verb, byte[] key) {
        byte[] command = new byte[verb.length + key.length];
        System.arraycopy(verb, 0, command, 0, verb.length);
        System.arraycopy(key, 0, command, verb.length, key.length);
        return command;
    }

    /// Whether the payload is what the server must answer: `OK`, or a value of the right size.
    boolean isExpected(boolean isGet, byte[] payload) {
        return isGet ? payload.length == value.length + 1 && payload[value.length] == '\n'
                : payload.length == 3 && payload[0] == 'O' && payload[1] == 'K' && payload[2] == '\n';
    }
}
