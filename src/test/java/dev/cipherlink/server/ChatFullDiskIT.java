package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Event;
import dev.cipherlink.store.KeyValueStore;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A message that does not fit on the disk is refused, and nobody hears of it.
class ChatFullDiskIT {

    @Test
    void aMessageThatIsRefusedIsHeardByNobody() throws Exception {
        var disk = new FailingDisk();
        try (KeyValueStore store = disk.store();
                Server server = ChatServerChild.serve(store, 0);
                ChatUser ann = new ChatUser("ann", server.address().getPort());
                ChatUser bob = new ChatUser("bob", server.address().getPort())) {
            ann.ask("JOIN #dev");
            bob.ask("JOIN #dev");
            bob.ask("WATCH k");
            ann.id("SAY #dev one");
            disk.setFull(true);
            for (String refused : List.of("SAY #dev lost", "TELL bob lost", "JOIN #ops", "MUTE bob 60", "LEAVE #dev",
                    "KICK #dev bob", "AWAY", "SET k:lost v", "WATCH k")) {
                String answer = ann.ask(refused);
                assertTrue(answer.startsWith("ERROR the store is full"), answer);
            }
            disk.setFull(false);
            assertEquals("", ann.ask("WHO #ops"));
            assertEquals("OK", ann.ask("SET k:kept v"));
            ann.id("TELL bob kept");
            bob.id("SAY #dev not muted");
            long last = ann.id("SAY #dev two");
            await().until(() -> bob.heard().contains(last) && !bob.directs().isEmpty());
            assertEquals(2, bob.heard().size());
            assertEquals(List.of("k:kept"), bob.told(Event.KeySet.class).stream().map(Event.KeySet::key).toList());
            assertEquals(List.of(), bob.told(Event.Left.class));
            assertEquals(List.of("kept"), bob.directs());
            assertEquals(List.of("one", "not muted", "two"), bob.history(9));
        }
    }

    @Test
    void operatorsEndConnectionsWhileTheDiskIsFull() throws Exception {
        var disk = new FailingDisk();
        try (KeyValueStore store = disk.store();
                Server server = ChatServerChild.serve(store, 0);
                ChatUser ann = new ChatUser("ann", server.address().getPort());
                ChatUser bob = new ChatUser("bob", server.address().getPort())) {
            assertEquals("PONG", bob.ask("PING"));
            disk.setFull(true);
            String socket = ann.ask("SOCKETS").lines().filter(line -> line.contains(" bob ")).findFirst().orElseThrow();
            String id = socket.substring(0, socket.indexOf(' '));
            assertEquals("OK", ann.ask("SOCKETS END " + id));
            await().until(() -> !ann.ask("SOCKETS").contains(socket));
            assertEquals("1", ann.ask("SESSIONS END bob"));
            assertTrue(ann.ask("SET k v").startsWith("ERROR the store is full"));
            disk.setFull(false);
            assertEquals("OK", ann.ask("SET k v"));
        }
    }
}
