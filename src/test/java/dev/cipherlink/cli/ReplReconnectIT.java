package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cipherlink.client.Client;
import dev.cipherlink.store.Durability;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.RocksConfig;
import dev.cipherlink.store.RocksStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `chat` in a real terminal, over connections that break and a server that is started again.
@Timeout(180)
class ReplReconnectIT extends ReplRig {

    @Override
    KeyValueStore openStore() throws IOException {
        return RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.OS));
    }

    /// What others said while the link was down waited at the server, and was lost with it. The session went on at the server
    /// that was started again, and only who typed /history was shown what had been said.
    @Test
    void whatWasSaidBeforeTheServerWasStartedAgainIsFetchedOnce() throws Exception {
        try (var link = new CutLink(server.address()); TmuxTerminal ann = chat("ann", 100, 24, link.port())) {
            try (Client bob = client("bob")) {
                bob.request("JOIN #lobby");
                bob.request("SAY #lobby before");
                ann.awaitText("<bob> before");
                ann.enter("mine");
                ann.awaitText("<ann> mine ✓");
                link.shut();
                ann.awaitText("(offline)>");
                bob.request("SAY #lobby while ann was away");
            }
            int port = server.address().getPort();
            server.close();
            server = serve(port);
            link.letIn();
            ann.press("Enter");
            ann.awaitText("<bob> while ann was away");
            try (Client bob = client("bob")) {
                bob.request("JOIN #lobby");
                bob.request("SAY #lobby and after");
                ann.awaitText("<bob> and after");
            }
            String screen = ann.screen();
            for (String once : List.of("1 message missed in #lobby", "<bob> before", "<ann> mine", "<bob> while ann",
                    "<bob> and after")) {
                assertEquals(2, screen.split(once, -1).length, once + " in " + screen);
            }
            assertFalse(screen.contains("new session"), screen);
        }
    }
}
