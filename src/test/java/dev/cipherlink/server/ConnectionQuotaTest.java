package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.server.SocketBudget.ConnectionQuota;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Issue 13.19: one key took all connections, and operators found none left.
class ConnectionQuotaTest {

    private static ClientIdentity client(boolean isOperator) {
        try (Identity identity = Identity.generate()) {
            return new ClientIdentity("ann", Optional.of(identity.publicKey()), isOperator);
        }
    }

    @Test
    void oneKeyHasItsLimit() {
        var quota = new ConnectionQuota(100, 3);
        ClientIdentity ann = client(false);
        for (int i = 0; i < 3; i++) {
            assertNull(quota.enter(ann, false));
        }
        assertTrue(quota.enter(ann, false).contains("3 connections"));
        assertNull(quota.enter(client(false), false), "others are let in");
        assertNull(quota.enter(ann, true), "a resume ends another connection");
        quota.leave(ann);
        assertNotNull(quota.enter(ann, false));
        quota.leave(ann);
        assertNull(quota.enter(ann, false));
    }

    @Test
    void neverMoreThanHalfOfAll() {
        var quota = new ConnectionQuota(10, 1_000);
        ClientIdentity ann = client(true);
        for (int i = 0; i < 5; i++) {
            assertNull(quota.enter(ann, false));
        }
        assertNotNull(quota.enter(ann, false));
        assertNull(new ConnectionQuota(1, 1_000).enter(ann, false));
    }

    @Test
    void someArePlacesOfOperators() {
        var quota = new ConnectionQuota(50, 1_000);
        int users = 0;
        while (quota.enter(client(false), false) == null) {
            users++;
        }
        assertEquals(45, users);
        for (int i = 0; i < 5; i++) {
            assertNull(quota.enter(client(true), false));
        }
        assertNull(quota.enter(new ClientIdentity("x", Optional.empty(), true), false), "holders of a shared key are operators");
    }

    /// Listeners of three keys together had all places, and strangers took them.
    @Test
    void strangersAtListenersLeavePlacesToOtherClients() {
        var quota = new ConnectionQuota(100, 1_000);
        int strangers = 0;
        for (int key = 0; key < 5; key++) {
            ClientIdentity listening = client(false);
            while (quota.enterAccepted(listening) == null) {
                strangers++;
            }
        }
        assertEquals(68, strangers);
        for (int i = 0; i < 22; i++) {
            assertNull(quota.enter(client(false), false));
        }
    }

    /// Sessions that waited for their client came back beside as many connections as the key may have.
    @Test
    void aSessionThatHasNoConnectionNeedsAPlace() throws Exception {
        try (var server = PersonalServer.start(to -> to.maxPerKey = 2)) {
            String left;
            try (var peer = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                left = peer.open("").sessionId();
            }
            server.awaitConnections(0);
            try (var first = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                String held = first.open("").sessionId();
                try (var second = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                    second.open("");
                    try (var third = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                        assertThrows(IOException.class, () -> third.open(resume(left)), "it is not refused for good");
                    }
                    try (var third = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                        assertTrue(third.open(resume(held)).isResumed(), "in the place of the first");
                    }
                }
            }
            server.awaitConnections(0);
            try (var peer = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                assertTrue(peer.open(resume(left)).isResumed());
            }
        }
    }

    private static String resume(String sessionId) {
        return ",\"session_id\":\"" + sessionId + "\",\"received\":0";
    }

    @Test
    void aClientIsToldThatItHasTooMany() throws Exception {
        try (var server = PersonalServer.start(to -> to.maxPerKey = 3)) {
            List<Client> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                clients.add(Client.connect(server.clientConfig()));
            }
            for (int i = 0; i < 3; i++) {
                try (Client fourth = Client.connect(server.clientConfig())) {
                    throw new AssertionError("let in as " + fourth.session().clientId());
                } catch (RefusedException e) {
                    assertTrue(e.getMessage().contains("3 connections"), e.getMessage());
                }
            }
            for (Client client : clients) {
                client.close();
            }
            server.awaitConnections(0);
            try (Client client = Client.connect(server.clientConfig())) {
                assertEquals("PONG", client.request("PING").text());
            }
        }
    }
}
