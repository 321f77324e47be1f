package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import java.io.IOException;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The suites of version 2 between the real client and the real server.
class SuitesIT {

    private static Consumer<ServerConfig.Builder> accepting(Set<Suite> suites) {
        return to -> to.keys = new ServerKeys(to.keys.sharedKey(), to.keys.identity(), to.keys.clients(), suites);
    }

    private static ClientConfig offering(PersonalServer server, Suite suite) {
        return ClientConfig.to("127.0.0.1", server.port(), new Credentials.Personal(server.ann(), (_, _, _) -> { }, suite));
    }

    @ParameterizedTest
    @EnumSource
    void infoSaysWhichSuiteTheConnectionHas(Suite suite) throws Exception {
        try (var server = PersonalServer.start(); var client = Client.connect(offering(server, suite))) {
            var lines = client.request("INFO").text().lines().toList();
            assertTrue(lines.contains("suite: " + suite.protocolName()), lines::toString);
            assertTrue(lines.contains("connections_hybrid: " + (suite.isHybrid() ? 1 : 0)), lines::toString);
            assertEquals(suite.protocolName(), client.protocolName());
            assertEquals(suite.isHybrid() ? "hybrid" : "classic", client.protection());
        }
    }

    @Test
    void aClientOffersAHybridSuiteIfNobodySaysOtherwise() throws Exception {
        try (var server = PersonalServer.start(accepting(Set.of(Suite.HYBRID_AES_GCM, Suite.HYBRID_CHACHA_POLY)));
             var client = Client.connect(ClientConfig.to("127.0.0.1", server.port(),
                     new Credentials.Personal(server.ann(), (_, _, _) -> { })))) {
            assertEquals("PONG", client.request("PING").text());
        }
    }

    /// One attempt, and a line with the setting.
    @ParameterizedTest
    @EnumSource
    void aSuiteThatIsNotAcceptedIsNotFollowedByAnother(Suite suite) throws Exception {
        boolean isHybrid = suite.isHybrid();
        Set<Suite> others = isHybrid ? Set.of(Suite.AES_GCM, Suite.CHACHA_POLY) : Set.of(Suite.HYBRID_AES_GCM, Suite.HYBRID_CHACHA_POLY);
        try (var server = PersonalServer.start(accepting(others))) {
            String message = assertThrows(IOException.class, () -> Client.connect(offering(server, suite))).getMessage();
            assertTrue(message.contains(isHybrid ? "client.suites=classic" : "client.suites=hybrid"), message);
            assertEquals(1, server.counter("connections_accepted"));
        }
    }
}
