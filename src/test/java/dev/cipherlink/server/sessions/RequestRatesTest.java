package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.ClientRights;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RequestRatesTest {

    private static final ClientIdentity ANN = new ClientIdentity("ann", Optional.of(PublicKey.of(new byte[PublicKey.BYTES])),
            ClientRights.parse(List.of("rate=1000")));

    /// Requests of one batch, as long as it may have more.
    private static int batch(RequestRates.Rate rate, int most) {
        int requests = 0;
        while (requests < most && !rate.isSpent()) {
            rate.count(1);
            requests++;
        }
        return requests;
    }

    /// Each session had a burst of its own.
    @Test
    void theSessionsOfAKeyShareOneBurst() {
        long begin = System.nanoTime();
        var rates = new RequestRates();
        RequestRates.Rate early = rates.of(ANN);
        RequestRates.Rate idle = rates.of(ANN);
        int inAll = batch(early, 1_000) + batch(idle, 1_000) + batch(rates.of(ANN), 1_000);
        // And one of each session, which has to wait for its answer.
        double most = 1_000 * (1 + (System.nanoTime() - begin) / 1e9) + 3;
        assertTrue(inAll <= most, inAll + " requests");
    }

    @Test
    void aSessionWithoutALimitNeverWaits() {
        RequestRates.Rate free = new RequestRates().of(new ClientIdentity("bob", ANN.key(), ClientRights.USER));
        assertEquals(100_000, batch(free, 100_000));
        free.pause();
        assertEquals(1, batch(free, 1));
    }
}
