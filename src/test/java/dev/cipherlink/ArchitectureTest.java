package dev.cipherlink;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// The table of packages in `docs/architecture.md` as a test.
class ArchitectureTest {

    private static final String ROOT = "dev.cipherlink.";

    /// Package to layer: imports go to a lower layer only, so packages of one layer do not know each other.
    private static final Map<String, Integer> LAYERS = Map.ofEntries(
            Map.entry("packet", 1), Map.entry("crypto", 1), Map.entry("message", 1), Map.entry("command", 1),
            Map.entry("store", 1), Map.entry("chat", 1),
            Map.entry("noise", 2),
            Map.entry("channel", 3),
            Map.entry("session", 4),
            Map.entry("forward", 5),
            Map.entry("server", 6), Map.entry("client", 6),
            Map.entry("cli", 7));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.cipherlink");

    private static String packageOf(JavaClass type) {
        return type.getPackageName().substring(Math.min(ROOT.length(), type.getPackageName().length()));
    }

    @Test
    void everyClassLivesInAPackageOfTheTable() {
        var unknown = new TreeSet<String>();
        for (JavaClass type : CLASSES) {
            if (!LAYERS.containsKey(packageOf(type))) {
                unknown.add(type.getName());
            }
        }
        assertEquals(Set.of(), unknown);
        assertTrue(CLASSES.contain("dev.cipherlink.session.Link"), "the classes were really read");
    }

    @Test
    void importsGoToALowerLayerOnly() {
        classes().should(dependOnLowerLayersOnly()).check(CLASSES);
    }

    private static ArchCondition<JavaClass> dependOnLowerLayersOnly() {
        return new ArchCondition<>("depend on lower layers only") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                type.getDirectDependenciesFromSelf().stream()
                        .filter(edge -> edge.getTargetClass().getPackageName().startsWith(ROOT))
                        .filter(edge -> !edge.getTargetClass().getPackageName().equals(type.getPackageName()))
                        .filter(edge -> LAYERS.getOrDefault(packageOf(edge.getTargetClass()), Integer.MAX_VALUE)
                                >= LAYERS.getOrDefault(packageOf(type), 0))
                        .forEach(edge -> events.add(SimpleConditionEvent.violated(type, edge.getDescription())));
            }
        };
    }

    @Test
    void onlySodiumTouchesLazysodium() {
        noClasses().that().doNotHaveFullyQualifiedName("dev.cipherlink.crypto.Sodium")
                .and().haveNameNotMatching("dev\\.cipherlink\\.crypto\\.Sodium\\$.*")
                .should().dependOnClassesThat().resideInAnyPackage("com.goterl..")
                .check(CLASSES);
        noClasses().that().resideOutsideOfPackage("dev.cipherlink.crypto..")
                .and().doNotHaveFullyQualifiedName("dev.cipherlink.cli.ProcessExit")
                .should().dependOnClassesThat().resideInAnyPackage("com.sun.jna..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLineKnowsArgumentsConfigurationAndEnvironment() {
        noClasses().that(are(resideOutsideOfPackage("dev.cipherlink.cli..")))
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
        noClasses().that(are(resideInAnyPackage("dev.cipherlink.packet..", "dev.cipherlink.message..",
                        "dev.cipherlink.crypto..", "dev.cipherlink.noise..", "dev.cipherlink.channel..",
                        "dev.cipherlink.session..")))
                .should().callMethod(System.class, "currentTimeMillis")
                .orShould().dependOnClassesThat().belongToAnyOf(java.time.Instant.class, java.time.Clock.class,
                        java.time.LocalDateTime.class, java.time.OffsetDateTime.class, java.time.ZonedDateTime.class,
                        java.util.Date.class)
                .check(CLASSES);
    }

    @Test
    void purePackagesDoNotKnowSockets() {
        noClasses().that(are(resideInAnyPackage("dev.cipherlink.packet..", "dev.cipherlink.message..",
                        "dev.cipherlink.crypto..", "dev.cipherlink.noise..", "dev.cipherlink.channel..",
                        "dev.cipherlink.session..", "dev.cipherlink.command..", "dev.cipherlink.store..",
                        "dev.cipherlink.chat..")))
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
