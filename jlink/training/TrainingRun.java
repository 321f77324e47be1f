package dev.cipherlink.cli;

/// What the JVM sees here, it has ready when the program starts: classes loaded, linked and profiled.
///
/// `jlink/AotCache.java` compiles and runs this while it builds the image; it is no part of it.
final class TrainingRun {
    private TrainingRun() {
    }

    public static void main(String[] args) {
        Main.main(new String[] {"--version"});
    }
}
