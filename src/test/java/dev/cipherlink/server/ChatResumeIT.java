package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.chat.ChatConfig;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Event;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/// A session that lost its connection and resumes keeps its rooms, and is told of everything once and in order.
class ChatResumeIT {

    private static final ChatConfig UNLIMITED =
            new ChatConfig(5_000, 1_000_000, Duration.ofMinutes(10), 100, Duration.ofDays(1));

    private static Client connect(TestServer server, int port, String name, List<Event> told) throws Exception {
        Client client = Client.connect(ClientConfig.to("127.0.0.1", port, server.key()).withClientId(name));
        client.onEvent(event -> {
            try {
                told.add(Event.decode(event, 0, event.length));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertEquals("OK", client.request("JOIN #dev").text());
        return client;
    }

    @Test
    void messagesArriveOnceAndInOrderWhileConnectionsAreCut() throws Exception {
        int count = 400;
        var toldAnn = new CopyOnWriteArrayList<Event>();
        var toldBob = new CopyOnWriteArrayList<Event>();
        try (TestServer server = TestServer.start(to -> to.chat = UNLIMITED);
             CutLink link = new CutLink(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
             Client ann = connect(server, link.port(), "ann", toldAnn);
             Client bob = connect(server, link.port(), "bob", toldBob)) {
            CompletableFuture<List<Long>> byAnn = talk(ann, count);
            CompletableFuture<List<Long>> byBob = talk(bob, count);
            for (int cut = 1; cut <= 3; cut++) {
                int heard = cut * count / 5;
                await().pollInterval(Duration.ofMillis(2))
                        .until(() -> ids(toldBob).size() >= heard || byAnn.isDone());
                link.breakAll();
            }
            List<Long> saidByAnn = byAnn.join();
            List<Long> saidByBob = byBob.join();
            await().until(() -> ids(toldBob).size() >= count && ids(toldAnn).size() >= count);
            assertEquals(saidByAnn, ids(toldBob));
            assertEquals(saidByBob, ids(toldAnn));
            assertTrue(toldAnn.stream().noneMatch(Event.Left.class::isInstance), "nobody left");
            assertTrue(server.ended(CloseReason.PEER_LOST)
                    + server.ended(CloseReason.PEER_CLOSED) > 0, "connections were cut");
        }
    }

    private static CompletableFuture<List<Long>> talk(Client client, int count) {
        var said = new CompletableFuture<List<Long>>();
        Thread.startVirtualThread(() -> {
            var ids = new ArrayList<Long>();
            try {
                for (int i = 0; i < count; i++) {
                    ids.add(Long.parseLong(client.request("SAY #dev m" + i).text().substring(3)));
                }
                said.complete(ids);
            } catch (IOException | InterruptedException | NumberFormatException e) {
                said.completeExceptionally(e);
            }
        });
        return said;
    }

    private static List<Long> ids(List<Event> told) {
        return told.stream().filter(Event.Message.class::isInstance).map(event -> ((Event.Message) event).id()).toList();
    }
}
