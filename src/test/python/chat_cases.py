"""Section 7 of docs/protocol.md: the chat, watches, and their events."""
import re

from peer_case import PeerCase


class ChatCases(PeerCase):
    """What is said in a room, or done to a key, is told to whoever wants to know."""

    def room(self):
        return b"#" + self.name().replace(b":", b".")

    def join(self, who):
        """A session under a name of its own, in the test's room."""
        session = self.connect(client_id=(self.room()[1:22] + who).decode())
        self.ok(session, b"JOIN " + self.room(), b"OK\n")
        return session

    def event(self, session):
        """The next event of a session, waited for."""
        while not session.events:
            session.take()
        return session.events.pop(0)

    def test_what_is_said_reaches_the_others_and_the_history(self):
        room = self.room()
        heard, said = self.join(b"heard"), self.join(b"said")
        text = b" two  spaces, \x1b[2J\x07\r and \xf0\x9f\x98\x80 "
        reply = said.request(b"SAY %s %s\n" % (room, text))
        number = re.fullmatch(rb"OK (\d+)\n", reply.payload).group(1)
        event = self.event(heard)
        if event.startswith(b"EVENT joined "):    # not if both are the same person
            event = self.event(heard)
        self.assertTrue(re.fullmatch(
            rb"EVENT message %s %s [A-Za-z0-9._-]+ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z %s\n"
            % (re.escape(room), number, re.escape(text)), event), event)
        self.ok(heard, b"HISTORY %s 1" % room, event)
        self.ok(heard, b"HISTORY %s 5 %s" % (room, number), b"")
        self.ok(heard, b"LEAVE " + room, b"OK\n")
        self.refused(heard, b"SAY %s x" % room)

    def test_texts_of_more_than_one_line_are_refused(self):
        session = self.join(b"said")
        for text in (b"", b"a\nEVENT notice b", b"x" * 4097, b"\xff"):
            with self.subTest(text=text[:20]):
                self.refused(session, b"SAY %s %s\n" % (self.room(), text))

    def test_changes_of_watched_keys_are_told(self):
        session = self.connect()
        self.ok(session, b"WATCH " + self.name(), b"OK\n")
        self.ok(self.connect(), b"SET %s x" % self.name(), b"OK\n")
        self.assertEqual(self.event(session), b"EVENT key set %s\n" % self.name())
        self.ok(session, b"DELETE " + self.name(), b"OK\n")
        self.assertEqual(self.event(session), b"EVENT key deleted %s\n" % self.name())
        self.ok(session, b"UNWATCH " + self.name(), b"OK\n")
