package dev.cipherlink.fuzz;

import java.util.Arrays;
import java.util.Random;

/// Seeded damage for tests that throw anything at a parser: a failure shows itself again.
///
/// `-Dcipherlink.fuzz.rounds=N` runs N rounds in place of each test's own number, for a long night.
public final class Damage {

    private static final int[] EDGES = {0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '"', '{', '[', '=', '-', '9'};

    private final Random random;

    public Damage(long seed) {
        random = new Random(seed);
    }

    /// @param usual what fits into a normal build
    public static int rounds(int usual) {
        return Integer.getInteger("cipherlink.fuzz.rounds", usual);
    }

    public Random random() {
        return random;
    }

    /// Any bytes.
    public byte[] noise(int maxBytes) {
        byte[] bytes = new byte[random.nextInt(maxBytes + 1)];
        random.nextBytes(bytes);
        return bytes;
    }

    /// A copy of one of these with up to `maxSteps` changes; now and then it is left whole.
    public byte[] of(byte[][] samples, int maxSteps) {
        byte[] damaged = samples[random.nextInt(samples.length)].clone();
        for (int steps = random.nextInt(maxSteps + 1); steps > 0; steps--) {
            damaged = step(damaged, samples);
        }
        return damaged;
    }

    private byte[] step(byte[] bytes, byte[][] samples) {
        int at = random.nextInt(bytes.length + 1);
        return switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> splice(bytes, at, at, new byte[] {(byte) random.nextInt(256)});
            case 2 -> splice(bytes, at, Math.min(at + 1, bytes.length),
                    new byte[] {(byte) EDGES[random.nextInt(EDGES.length)]});
            case 3 -> splice(bytes, at, Math.min(at + 1 + random.nextInt(4), bytes.length), new byte[0]);
            case 4 -> {
                byte[] other = samples[random.nextInt(samples.length)];
                int from = random.nextInt(other.length + 1);
                yield splice(bytes, at, at, Arrays.copyOfRange(other, from,
                        Math.min(other.length, from + random.nextInt(16))));
            }
            default -> {
                byte[] flipped = bytes.clone();
                if (at < flipped.length) {
                    flipped[at] ^= (byte) (1 << random.nextInt(8));
                }
                yield flipped;
            }
        };
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] inserted) {
        byte[] spliced = new byte[bytes.length - (to - from) + inserted.length];
        System.arraycopy(bytes, 0, spliced, 0, from);
        System.arraycopy(inserted, 0, spliced, from, inserted.length);
        System.arraycopy(bytes, to, spliced, from + inserted.length, bytes.length - to);
        return spliced;
    }
}
