package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Issue 14.19 and 14.14: which lines ask before they are said in a room.
class MistakenLineTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"get greeting|GET greeting", "Set k v|SET k v", "SETT password hunter2|SET password hunter2",
            "sett password hunter2|SET password hunter2", "gte key|GET key", "DEL k|DELETE k", "del k|DELETE k", "DEL|DELETE",
            "keys|KEYS", "GETT k|GET k", "ping|PING", "tell ann hello|TELL ann hello", "SAYY #r x|SAY #r x", "incrby n 5|INCR n 5"})
    void aVerbInSmallLettersANearMissOrAVerbOfAnotherStoreIsACommand(String line, String command) {
        assertEquals(Optional.of(new MistakenLine(command)), MistakenLine.of(line));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fg", "ls", "cd /tmp", "sudo reboot", "vim x", ":q", "cipherlink kv GET x", "ssh host"})
    void aShellCommandIsNoCommandOfOurs(String line) {
        assertEquals(Optional.of(new MistakenLine("")), MistakenLine.of(line));
    }

    @ParameterizedTest
    @ValueSource(strings = {"get well soon, everybody", "who is here?", "time to go", "say hi to him", "how are you", "well done everybody",
            "set", "join us", "leave me alone", "keys are on the table", "hello", "OK", "LGTM", "I am back", "top of the morning",
            "est ce que", "into the woods", "the cat is down", "WHERE are you", "\u00e9t\u00e9"})
    void ordinarySentencesAreSaid(String line) {
        assertEquals(Optional.empty(), MistakenLine.of(line));
    }
}
