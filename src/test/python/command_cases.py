"""Section 7 of docs/protocol.md: the commands, and values of every shape."""
import datetime
import subprocess
import sys
import time

from peer_case import PeerCase, random_value

MIB = 1024 * 1024


class CommandCases(PeerCase):
    """What goes in comes out, byte for byte."""

    def test_set_get_delete(self):
        for mode in ("step-by-step", "burst"):
            with self.subTest(mode=mode):
                session = self.connect(operation_mode=mode)
                self.ok(session, b"SET %s hello world" % self.name(), b"OK\n")
                self.ok(session, b"GET " + self.name(), b"hello world\n")
                self.ok(session, b"DELETE " + self.name(), b"OK\n")
                self.refused(session, b"GET " + self.name(), b"ERROR not found\n")
                self.refused(session, b"DELETE " + self.name(), b"ERROR not found\n")
                session.disconnect()

    def test_a_value_is_seen_by_another_connection(self):
        self.ok(self.connect(), b"SET %s shared" % self.name())
        self.ok(self.connect(), b"GET " + self.name(), b"shared\n")

    def test_binary_values_come_back_exactly(self):
        session = self.burst()
        every = bytes(range(256))
        for value in (every, every[::-1], b"\0", b"\r", b" lead", b"trail ", b"  ", b"a\nb", b"\n\nx",
                      b"\xff\xfe\x80", b"\xed\xa0\x80", random_value(5000), b"a b  c   d"):
            with self.subTest(value=value[:20]):
                self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
                self.ok(session, b"GET " + self.name(), value + b"\n")

    def test_one_trailing_newline_is_not_part_of_the_value(self):
        session = self.connect()
        for sent, kept in ((b"", b""), (b"\n", b""), (b"\n\n", b"\n"), (b"v\n", b"v"), (b"v\n\n", b"v\n"),
                           (b"v\r\n", b"v\r"), (b"v", b"v"), (bytes(range(256)) + b"\n", bytes(range(256)))):
            with self.subTest(sent=sent[:20]):
                self.ok(session, b"SET %s %s" % (self.name(), sent), b"OK\n")
                self.ok(session, b"GET %s\n" % self.name(), kept + b"\n")

    def test_one_megabyte_through_fragments_and_parts(self):
        value = random_value(MIB)
        for wishes in ({"operation_mode": "step-by-step"}, {"operation_mode": "burst"},
                       {"operation_mode": "burst", "max_packet_size": 1024, "window_size": 7},
                       {"operation_mode": "burst", "checksum": "crc32c"}):
            with self.subTest(**wishes):
                session = self.connect(**wishes)
                self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
                reply = session.request(b"GET " + self.name())
                self.assertTrue(reply.ok and reply.payload == value + b"\n", len(reply.payload))
                self.ok(session, b"PING", b"PONG\n")

    def test_a_reply_is_cut_only_if_it_does_not_fit_one_packet(self):
        session = self.connect(max_packet_size=1024)
        for size, parts in ((1024 - 11 - 1, False), (1024 - 11, True)):
            with self.subTest(value_bytes=size):
                value = random_value(size)
                self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
                seen = len(session.cut)
                self.ok(session, b"GET " + self.name(), value + b"\n")
                self.assertEqual(parts, len(session.cut) > seen)

    def test_a_request_of_16_mib_is_taken(self):
        session = self.burst()
        command = b"SET %s " % self.name()
        value = random_value(16 * MIB - len(command))
        self.ok(session, command + value, b"OK\n")
        reply = session.request(b"GET " + self.name())
        self.assertTrue(reply.ok and reply.payload == value + b"\n", len(reply.payload))
        self.ok(session, b"DELETE " + self.name(), b"OK\n")

    def test_a_request_beyond_16_mib_is_refused_and_the_session_goes_on(self):
        for session in (self.burst(), self.connect()):
            self.ok(session, b"SET %s before" % self.name())
            self.refused(session, b"SET %s %s" % (self.name(), bytes(16 * MIB + 1)))
            self.refused(session, b"SET %s %s" % (self.name(), bytes(17 * MIB)))
            self.ok(session, b"GET " + self.name(), b"before\n")
            value = random_value(100_000)
            self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
            self.ok(session, b"GET " + self.name(), value + b"\n")

    def test_keys_of_1_to_512_bytes_without_space_or_control(self):
        session = self.connect()
        longest = self.name("k" * (512 - len(self.name(""))))
        self.ok(session, b"SET %s x" % longest, b"OK\n")
        self.ok(session, b"GET " + longest, b"x\n")
        for key in (longest + b"k", b"", b"\t", b"a\tb", b"a\x00b", b"a\x7fb", b"\xff\xfe", b"a\xc2\x85b",
                    "a\u3000b".encode(), b"\xed\xa0\x80"):
            with self.subTest(key=key[-20:]):
                self.refused(session, b"SET %s x" % key)
        self.ok(session, b"SET %s unicode" % self.name("\u00e9\U0001f600"), b"OK\n")
        self.ok(session, b"GET " + self.name("\u00e9\U0001f600"), b"unicode\n")

    def test_exists(self):
        session = self.connect()
        self.ok(session, b"EXISTS " + self.name(), b"0\n")
        self.ok(session, b"SET %s " % self.name(), b"OK\n")
        self.ok(session, b"EXISTS " + self.name(), b"1\n")

    def test_keys_and_count_in_byte_order_with_limit_and_after(self):
        session = self.burst()
        names = [self.name(suffix) for suffix in ("b", "B", "a", "ab", "\u00e9", "\uffee", "\U0001f600", "-", "_")]
        for name in names:
            self.ok(session, b"SET %s x" % name, b"OK\n")
        names.sort()
        prefix = self.name("")
        listed = b"".join(name + b"\n" for name in names)
        self.ok(session, b"KEYS " + prefix, listed)
        self.ok(session, b"COUNT " + prefix, b"9\n")
        self.ok(session, b"KEYS %s 2" % prefix, b"\n".join(names[:2]) + b"\n")
        self.ok(session, b"KEYS %s 3 %s" % (prefix, names[1]), b"\n".join(names[2:5]) + b"\n")
        self.ok(session, b"KEYS %s 100 %s" % (prefix, names[-1]), b"")
        self.ok(session, b"COUNT " + self.name("none"), b"0\n")
        self.ok(session, b"KEYS " + self.name("none"), b"")
        self.assertGreaterEqual(int(self.ok(session, b"COUNT")), 9)
        everything = self.ok(session, b"KEYS").splitlines()
        self.assertTrue(9 <= len(everything) <= 1000 and everything == sorted(everything))

    def test_a_listing_is_limited_to_1000_unless_asked(self):
        session = self.burst()
        for reply in session.pipeline(b"SET %s x" % self.name("%04d" % n) for n in range(1005)):
            self.assertTrue(reply.ok)
        prefix = self.name("")
        self.assertEqual(1000, len(self.ok(session, b"KEYS " + prefix).splitlines()))
        self.assertEqual(1005, len(self.ok(session, prefix.join((b"KEYS ", b" 1005"))).splitlines()))
        self.ok(session, b"COUNT " + prefix, b"1005\n")

    def test_incr(self):
        session = self.connect()
        for request, value in ((b"", 1), (b"", 2), (b" 40", 42), (b" -50", -8)):
            self.assertEqual(value, int(self.ok(session, b"INCR " + self.name() + request)))
        self.ok(session, b"GET " + self.name(), b"-8\n")
        self.ok(session, b"SET %s %d" % (self.name(), 2**63 - 1))
        self.refused(session, b"INCR " + self.name())
        self.ok(session, b"GET " + self.name(), b"%d\n" % (2**63 - 1))
        self.ok(session, b"SET %s %d" % (self.name(), -2**63))
        self.refused(session, b"INCR %s -1" % self.name())
        self.ok(session, b"SET %s twelve" % self.name())
        self.refused(session, b"INCR " + self.name())
        self.ok(session, b"GET " + self.name(), b"twelve\n")
        self.refused(session, b"INCR %s many" % self.name("other"))
        self.ok(session, b"EXISTS " + self.name("other"), b"0\n")

    def version(self, payload):
        """The number in `OK <n>` or `ERROR conflict, version is <n>`."""
        self.assertRegex(payload, rb"\A(OK|ERROR conflict, version is) [0-9]+\n\Z")
        return int(payload.split()[-1])

    def test_cas(self):
        session = self.connect()
        self.refused(session, b"CAS %s 7 x" % self.name(), b"ERROR conflict, version is 0\n")
        first = self.version(self.ok(session, b"CAS %s 0 a b\0c" % self.name()))
        self.assertEqual(first, self.version(self.refused(session, b"CAS %s 0 x" % self.name())))
        self.ok(session, b"GET " + self.name(), b"a b\0c\n")
        second = self.version(self.ok(session, b"CAS %s %d next" % (self.name(), first)))
        self.assertGreater(second, first)
        self.ok(session, b"SET %s by others" % self.name())
        third = self.version(self.refused(session, b"CAS %s %d x" % (self.name(), second)))
        self.assertGreater(third, second)
        self.ok(session, b"GET " + self.name(), b"by others\n")
        self.ok(session, b"DELETE " + self.name(), b"OK\n")
        again = self.version(self.ok(session, b"CAS %s 0 reborn" % self.name()))
        self.assertGreater(again, third)

    def test_expire_and_ttl(self):
        session = self.connect()
        self.ok(session, b"SET %s x" % self.name())
        self.ok(session, b"TTL " + self.name(), b"-1\n")
        self.ok(session, b"EXPIRE %s 100" % self.name(), b"OK\n")
        self.assertIn(self.ok(session, b"TTL " + self.name()), (b"100\n", b"99\n", b"98\n"))
        self.ok(session, b"SET %s short" % self.name("short"))
        self.ok(session, b"EXPIRE %s 1" % self.name("short"), b"OK\n")
        deadline = time.monotonic() + 5
        while self.ok(session, b"EXISTS " + self.name("short")) == b"1\n":
            self.assertLess(time.monotonic(), deadline, "the key did not expire")
            time.sleep(0.05)
        self.refused(session, b"GET " + self.name("short"), b"ERROR not found\n")
        self.ok(session, b"COUNT " + self.name("short"), b"0\n")
        self.ok(session, b"GET " + self.name(), b"x\n")

    def test_echo_time_and_ping(self):
        session = self.connect()
        for text in (b"hello", b"two  words ", bytes(range(1, 256))):
            self.assertIn(self.ok(session, b"ECHO " + text), (b"Echo: " + text, b"Echo: " + text + b"\n"))
        self.ok(session, b"PING", b"PONG\n")
        answer = self.ok(session, b"TIME").decode()
        self.assertRegex(answer, r"\A[^\n]*(Z|[+-]\d\d:\d\d)\n\Z")
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(answer.strip())
        self.assertLess(abs(age), datetime.timedelta(minutes=1))

    def test_verbs_in_any_case(self):
        session = self.connect()
        self.ok(session, b"set %s Value" % self.name(), b"OK\n")
        self.ok(session, b"gEt " + self.name(), b"Value\n")
        self.ok(session, b"ping", b"PONG\n")
        self.ok(session, b"PING\n", b"PONG\n")

    def test_what_is_no_command_is_an_error_and_the_session_goes_on(self):
        session = self.burst()
        for request in (b"", b"\n", b" ", b"NONSENSE", b"\xff\xff", b"\0" * 100, b"GET", b"GET ", b"SET",
                        b"DELETE", b"EXPIRE " + self.name(), b"EXPIRE %s soon" % self.name(), b"TTL",
                        b"CAS " + self.name(), b"CAS %s x y" % self.name(), b"CAS %s -1 y" % self.name(),
                        b"KEYS x many", b"INCR", b"A" * 5000):
            with self.subTest(request=request[:20]):
                self.refused(session, request)
        self.ok(session, b"PING", b"PONG\n")

    def program(self, *arguments, stdin=b""):
        """The finished process of the peer run as a program."""
        return subprocess.run(
            [sys.executable, "-B", *self.dialect.program(), *arguments],
            input=stdin, capture_output=True, timeout=60, check=False)

    def test_the_peer_is_a_program_too(self):
        value = random_value(200_000)
        done = self.program("-", stdin=b"SET %s %s" % (self.name(), value))
        self.assertEqual((0, b"OK\n"), (done.returncode, done.stdout), done.stderr)
        done = self.program("--checksum", "crc32c", "get", self.name().decode())
        self.assertTrue(done.returncode == 0 and done.stdout == value + b"\n", done.stderr)
        done = self.program("--operation-mode", "step-by-step", "GET", self.name("none").decode())
        self.assertEqual((1, b"", b"ERROR not found\n"), (done.returncode, done.stdout, done.stderr))
