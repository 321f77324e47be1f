package dev.cipherlink.cli;

/// The version of this program.
final class Version {

    private Version() {
    }

    /// From the manifest of our jar; `development` when the classes are not in a jar.
    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
