package dev.cipherlink.cli;

/// The platform threads that carry the virtual ones: one less than there are processors.
///
/// The kernel's network stack, the thread that commits, the collector and the compilers need a processor too, and on two of them a
/// connection whose thread always runs on the same one finds its state in that one's cache (`docs/benchmarks.md`). Nothing may
/// therefore keep a carrier waiting: a machine with one processor has but one in any case.
final class Carriers {
    private static final String PARALLELISM = "jdk.virtualThreadScheduler.parallelism";

    private Carriers() {
    }

    /// To be called before the first virtual thread starts; does nothing if the property is set.
    static void leaveOneProcessor() {
        if (System.getProperty(PARALLELISM) == null) {
            System.setProperty(PARALLELISM, Integer.toString(Math.max(1, Runtime.getRuntime().availableProcessors() - 1)));
        }
    }
}
