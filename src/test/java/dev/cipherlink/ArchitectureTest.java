package dev.cipherlink;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import org.junit.jupiter.api.Test;

/// The shape of the code: no cycle of packages, and the edges that would break a promise.
class ArchitectureTest {

    /// Arguments, environment, terminal: these packages know them, and nothing below does.
    private static final String[] PROGRAM = {"dev.cipherlink.cli..", "dev.cipherlink.prompt..", "dev.cipherlink.connect..",
        "dev.cipherlink.console..", "dev.cipherlink.settings..", "dev.cipherlink.log..", "dev.cipherlink.text.."};
    private static final String[] LIBRARY = {"dev.cipherlink.budget..", "dev.cipherlink.channel..", "dev.cipherlink.client..",
        "dev.cipherlink.command..", "dev.cipherlink.crypto..", "dev.cipherlink.forward..", "dev.cipherlink.message..",
        "dev.cipherlink.noise..", "dev.cipherlink.seal..", "dev.cipherlink.session.."};
    /// The wire and the session have no clock but the one that is handed in.
    private static final String[] WITHOUT_WALL_CLOCK = {"dev.cipherlink.message..", "dev.cipherlink.crypto..",
        "dev.cipherlink.noise..", "dev.cipherlink.channel..", "dev.cipherlink.session.."};

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.cipherlink");

    @Test
    void packagesAreFreeOfCycles() {
        assertTrue(CLASSES.contain("dev.cipherlink.session.Link"), "the classes were really read");
        slices().matching("dev.cipherlink.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    /// Server and library can be used without the program.
    @Test
    void nothingBelowTheProgramKnowsIt() {
        noClasses().that(are(resideOutsideOfPackages(PROGRAM)))
                .should().dependOnClassesThat(resideInAnyPackage(PROGRAM))
                .check(CLASSES);
    }

    /// What `client/BuildClient.java` compiles alone, without the program and the server.
    @Test
    void theLibraryNeedsItsOwnPackagesOnly() {
        noClasses().that(are(resideInAnyPackage(LIBRARY)))
                .should().dependOnClassesThat(resideInAnyPackage("dev.cipherlink..").and(resideOutsideOfPackages(LIBRARY)))
                .check(CLASSES);
    }

    /// Client and server meet on the wire only, and the store knows neither.
    @Test
    void clientServerAndStoreDoNotKnowEachOther() {
        noClasses().that().resideInAnyPackage("dev.cipherlink.client..", "dev.cipherlink.gateway..")
                .should().dependOnClassesThat().resideInAnyPackage("dev.cipherlink.server..", "dev.cipherlink.store..",
                        "dev.cipherlink.chat..")
                .check(CLASSES);
        noClasses().that().resideInAPackage("dev.cipherlink.server..")
                .should().dependOnClassesThat().resideInAPackage("dev.cipherlink.client..")
                .check(CLASSES);
        noClasses().that().resideInAnyPackage("dev.cipherlink.store..", "dev.cipherlink.chat..")
                .should().dependOnClassesThat().resideInAnyPackage("dev.cipherlink.session..", "dev.cipherlink.channel..",
                        "dev.cipherlink.crypto..")
                .check(CLASSES);
        noClasses().that().resideInAPackage("dev.cipherlink.store..")
                .should().dependOnClassesThat().resideInAPackage("dev.cipherlink.command..")
                .check(CLASSES);
    }

    /// The engines behind one interface: no caller depends on which one it has, but for the one that opens it.
    @Test
    void onlyTheCommandLineKnowsRocksDb() {
        noClasses().that().resideOutsideOfPackages("dev.cipherlink.store.disk..", "dev.cipherlink.cli..")
                .should().dependOnClassesThat().resideInAnyPackage("dev.cipherlink.store.disk..", "org.rocksdb..")
                .check(CLASSES);
        noClasses().that().resideOutsideOfPackage("dev.cipherlink.store.disk..")
                .should().dependOnClassesThat().resideInAPackage("org.rocksdb..")
                .check(CLASSES);
    }

    @Test
    void onlyMetricsKnowsPrometheusAndHttp() {
        noClasses().that().resideOutsideOfPackage("dev.cipherlink.metrics..")
                .should().dependOnClassesThat().resideInAnyPackage("io.prometheus..", "com.sun.net.httpserver..")
                .check(CLASSES);
    }

    @Test
    void onlySodiumTouchesLazysodium() {
        noClasses().that().doNotHaveFullyQualifiedName("dev.cipherlink.crypto.Sodium")
                .and().haveNameNotMatching("dev\\.cipherlink\\.crypto\\.Sodium\\$.*")
                .should().dependOnClassesThat().resideInAnyPackage("com.goterl..")
                .check(CLASSES);
        noClasses().that().resideOutsideOfPackage("dev.cipherlink.crypto..")
                .and().doNotHaveFullyQualifiedName("dev.cipherlink.console.ProcessExit")
                .should().dependOnClassesThat().resideInAnyPackage("com.sun.jna..")
                .check(CLASSES);
    }

    @Test
    void onlyTheProgramKnowsArgumentsConfigurationAndEnvironment() {
        noClasses().that(are(resideOutsideOfPackages(PROGRAM)))
                .should().dependOnClassesThat(resideInAnyPackage("picocli..", "io.helidon..", "org.jline..", "org.HdrHistogram.."))
                .orShould().callMethod(System.class, "getenv")
                .orShould().callMethod(System.class, "getenv", String.class)
                .orShould().callMethod(System.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "halt", int.class)
                .orShould().accessField(System.class, "out")
                .orShould().accessField(System.class, "err")
                .orShould().accessField(System.class, "in")
                .check(CLASSES);
    }

    /// A wall clock jumps: timers and security decisions do not ask it.
    @Test
    void noTimerAsksTheWallClock() {
        noClasses().that(are(resideInAnyPackage(WITHOUT_WALL_CLOCK)))
                .should().callMethod(System.class, "currentTimeMillis")
                .orShould().dependOnClassesThat().belongToAnyOf(java.time.Instant.class, java.time.Clock.class,
                        java.time.LocalDateTime.class, java.time.OffsetDateTime.class, java.time.ZonedDateTime.class,
                        java.util.Date.class)
                .check(CLASSES);
    }

    @Test
    void purePackagesDoNotKnowSockets() {
        noClasses().that(are(resideInAnyPackage(WITHOUT_WALL_CLOCK).or(resideInAnyPackage("dev.cipherlink.command..",
                        "dev.cipherlink.store..", "dev.cipherlink.chat.."))))
                .should(ArchConditions.dependOnClassesThat(JavaClass.Predicates.belongToAnyOf(
                        java.net.Socket.class, java.net.ServerSocket.class, java.nio.channels.SocketChannel.class)))
                .check(CLASSES);
    }

    @Test
    void noPackageHasANameThatSaysNothing() {
        noClasses().should().resideInAnyPackage("..util..", "..utils..", "..common..", "..impl..", "..helper..")
                .check(CLASSES);
        noClasses().should().haveNameMatching(".*(Manager|Helper|Utils?|Impl)")
                .check(CLASSES);
    }
}
