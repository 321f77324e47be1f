package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.cipherlink.command.Verb;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TypedLineTest {

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t  "})
    void blanksAreNothing(String line) {
        assertEquals(new TypedLine.Nothing(), TypedLine.parse(line));
    }

    @Test
    void aPlainLineIsText() {
        assertEquals(new TypedLine.Text("hello there"), TypedLine.parse(" hello there "));
        assertEquals(new TypedLine.Text("get well soon"), TypedLine.parse("get well soon"));
        assertEquals(new TypedLine.Text("GETTING on"), TypedLine.parse("GETTING on"));
        assertEquals(new TypedLine.Text("help me"), TypedLine.parse("help me"));
    }

    @Test
    void aVerbInCapitalsIsACommand() {
        var get = assertInstanceOf(TypedLine.Request.class, TypedLine.parse("  GET key "));
        assertEquals(Verb.GET, get.verb());
        assertEquals("GET key", get.command());
        assertEquals("key", get.rest());
        assertEquals("", ((TypedLine.Request) TypedLine.parse("PING")).rest());
    }

    @Test
    void aValueKeepsItsBlanks() {
        assertEquals(new TypedLine.Request(Verb.SET, "SET key  two  spaces "), TypedLine.parse("SET key  two  spaces "));
        assertEquals(new TypedLine.Request(Verb.SET, "SET key "), TypedLine.parse("SET key "));
    }

    @Test
    void aSlashIsACommandOfThePrompt() {
        assertEquals(new TypedLine.Slash(SlashCommand.JOIN, "#ops"), TypedLine.parse("/join #ops"));
        assertEquals(new TypedLine.Slash(SlashCommand.MSG, "ann  two  spaces"), TypedLine.parse("/msg  ann  two  spaces "));
        assertEquals(new TypedLine.Slash(SlashCommand.QUIT, ""), TypedLine.parse("quit"));
        assertEquals(new TypedLine.Slash(SlashCommand.HELP, ""), TypedLine.parse("?"));
    }

    @Test
    void twoSlashesSendOne() {
        assertEquals(new TypedLine.Text("/etc/hosts is a file"), TypedLine.parse("//etc/hosts is a file"));
    }

    @Test
    void sayTakesAnything() {
        assertEquals(new TypedLine.Slash(SlashCommand.SAY, "GET is a verb"), TypedLine.parse("/say GET is a verb"));
    }

    @Test
    void anUnknownNamesTheNearest() {
        assertEquals(new TypedLine.Unknown("/jion", Optional.of("/join")), TypedLine.parse("/jion #ops"));
        assertEquals(new TypedLine.Unknown("/xyzzyxyzzy", Optional.empty()), TypedLine.parse("/xyzzyxyzzy"));
    }

    @Test
    void aRefusedTextIsTypedAgainInTheRoomThatItWasFor() {
        assertEquals("hello", TypedLine.saying("#dev", "#dev", "hello"));
        assertEquals("SAY #dev hello", TypedLine.saying("#dev", "#ops", "hello"));
        assertEquals("SAY #dev /quit", TypedLine.saying("#dev", "#dev", "/quit"));
        assertEquals("SAY #dev GET key", TypedLine.saying("#dev", "#dev", "GET key"));
    }
}
