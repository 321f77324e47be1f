package dev.cipherlink.text;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cipherlink.fuzz.FuzzTarget;

/// A line of a script, or a typed command: the command to send, or a refusal.
public final class ScriptLineFuzz implements FuzzTarget {
    @Override
    public byte[][] seeds() {
        return FuzzTarget.utf8("SET \"a\" 'b c'", "SET a \"x\\n\\x00\\\"\"", "KEYS \"\" 10", "CAS k 1 \"v\"", "SAY #dev \"quoted\"", "GET 'it\\'s'",
                "SET a \"open", "SET a \"x\" y", "SET a b\"c", "ECHO \"caf\u00e9\"", "nothing 'here'", "");
    }

    @Override
    public boolean accepts(byte[] input) {
        try {
            Quotes.resolve(input);
            return true;
        } catch (CliException e) {
            assertFalse(e.getMessage().isEmpty());
            return false;
        }
    }
}
