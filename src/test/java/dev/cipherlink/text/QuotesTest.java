package dev.cipherlink.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.text.CliException.ExitStatus;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Issue 14.11: quotes were stored that were meant as syntax.
class QuotesTest {

    private static String resolved(String line) {
        return new String(Quotes.resolve(line.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "SET \"q1\" \"two words\" | SET q1 two words",
        "set q2 'it is'           | set q2 it is",
        "SET q3 a\\nb             | SET q3 a\\nb",
        "GET \"q1\"               | GET q1",
        "SET k \"a\\\\b\\\"c\"    | SET k a\\b\"c",
        "SET k 'a\\nb\\'c'        | SET k a\\nb'c",
        "CAS k 3 'x y'            | CAS k 3 x y",
        "KEYS 'a' 5 \"b\"         | KEYS a 5 b",
        "KEYS \"\" 5 b           | KEYS  5 b",
        "ECHO \"a\\x41\"          | ECHO aA",
        "SET k {\"a\": \"b c\"}   | SET k {\"a\": \"b c\"}",
        "SET k it's \"so\"        | SET k it's \"so\"",
        "SAY #r \"hello\" she said | SAY #r \"hello\" she said",
        "TELL ann 'tis \"so       | TELL ann 'tis \"so",
        "NOVERB \"a               | NOVERB \"a"})
    void takesThemAsSyntaxWhereTheyBeginAnArgument(String line, String meant) {
        assertEquals(meant, resolved(line).stripTrailing());
    }

    /// Issue 14, verdict 51: a value with line ends could not be given in bulk.
    @Test
    void givesLineEndsAndAnyBytes() {
        assertEquals("SET k a\nb\r\tc", resolved("SET k \"a\\nb\\r\\tc\""));
        assertEquals("SET k a\n\n", resolved("SET k \"a\\n\"")); // the protocol drops the last
        assertEquals("SET k ", resolved("SET k \"\""));
        assertArrayEquals(new byte[] {'E', 'C', 'H', 'O', ' ', 0, (byte) 0xFF, 0x7F},
                Quotes.resolve("ECHO \"\\x00\\xfF\\x7f\"".getBytes(StandardCharsets.US_ASCII)));
        byte[] line = {'S', 'E', 'T', ' ', 'k', ' ', '"', (byte) 0xFF, '"'};
        assertArrayEquals(new byte[] {'S', 'E', 'T', ' ', 'k', ' ', (byte) 0xFF}, Quotes.resolve(line));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SET k \"open", "SET k \"a\" b", "SET k 'tis", "SET \"k\"x v", "SET \"a b\" v", "SET \"\" v",
        "GET \"a\\nb\"", "SET k \"\\q\"", "SET k \"\\x4\"", "SET k \"\\x4g\"", "SET k \"a\\\"", "SET k \""})
    void refusesWhatIsNone(String line) {
        CliException refused = assertThrows(CliException.class, () -> resolved(line));
        assertEquals(ExitStatus.USAGE, refused.status());
        assertEquals(1, refused.getMessage().lines().count());
        assertTrue(refused.getMessage().startsWith(line.substring(0, 3)), refused.getMessage());
    }

    /// A key called `--nx` was written, without a word.
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "SET --nx k v                    | PUT NX k v",
        "set --nx --ex 30s k a  b        | PUT NX,PX=30000 k a  b",
        "SET --xx --px=1500 --get k 'a b' | PUT XX,PX=1500,GET k a b",
        "SET --keep-ttl k --nx           | PUT KEEPTTL k --nx",
        "SET -- --nx v                   | SET --nx v",
        "SET --nx -- --k v               | PUT NX --k v",
        "SET \"--nx\" v                  | SET --nx v",
        "SET k --nx                      | SET k --nx",
        "SET -k v                        | SET -k v",
        "GET --nx                        | GET --nx"})
    void takesTheOptionsOfSetAsTheCommandLineDoes(String line, String meant) {
        assertEquals(meant, resolved(line).stripTrailing());
    }

    @ParameterizedTest
    @ValueSource(strings = {"SET --nx v", "SET --nx", "SET --foo v", "SET --n k v", "SET --ex k v", "SET --nx --xx k v", "SET --ex 1s --px 5 k v",
        "SET -- k", "SET --nx --foo k v", "SET --seal k v", "SET --seal-to bob k v"})
    void refusesOptionsOfSetThatAreNone(String line) {
        CliException refused = assertThrows(CliException.class, () -> resolved(line));
        assertEquals(ExitStatus.USAGE, refused.status());
        assertEquals(1, refused.getMessage().lines().count());
        assertTrue(refused.getMessage().contains("--"), refused.getMessage());
    }
}
