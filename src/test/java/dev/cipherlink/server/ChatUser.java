package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Event;
import dev.cipherlink.crypto.SharedKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Somebody in a chat that [ChatServerChild] serves, over a real connection.
final class ChatUser implements AutoCloseable {

    private final Client client;
    private final List<Event> told = new CopyOnWriteArrayList<>();

    ChatUser(String name, int port) throws IOException {
        client = Client.connect(ClientConfig.to("127.0.0.1", port, SharedKey.of(ChatServerChild.KEY.clone()))
                .withClientId(name));
        client.onEvent(event -> {
            try {
                told.add(Event.decode(event, 0, event.length));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    void retryNow() {
        client.retryNow();
    }

    String ask(String command) throws IOException, InterruptedException {
        return client.request(command).text().strip();
    }

    /// The message id in the answer, which must be `OK <id>`.
    long id(String command) throws IOException, InterruptedException {
        String answer = ask(command);
        assertTrue(answer.startsWith("OK "), answer);
        return Long.parseLong(answer.substring(3));
    }

    <T extends Event> List<T> told(Class<T> kind) {
        return told.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    List<Long> heard() {
        return told(Event.Message.class).stream().map(Event.Message::id).toList();
    }

    List<String> directs() {
        return told(Event.Direct.class).stream().map(Event.Direct::text).toList();
    }

    /// The texts that the room #dev remembers, in order.
    List<String> history(int count) throws IOException, InterruptedException {
        var texts = new ArrayList<String>();
        for (String line : ask("HISTORY #dev " + count).split("\n")) {
            texts.add(line.split(" ", 7)[6]);
        }
        return texts;
    }

    @Override
    public void close() {
        client.close();
    }
}
