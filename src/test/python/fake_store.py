"""A key-value store in a dict, and the part of section 7 of docs/protocol.md that the fake server answers."""
import datetime
import re
import threading
import time

INT64 = 2**63


class Failure(Exception):
    """The command is answered by ERROR with this reason."""


class FakeStore:
    """key -> [value, version, deadline or None]; run() is called from every connection's thread."""

    def __init__(self):
        self.entries = {}
        self.version = 0
        self.lock = threading.Lock()

    def run(self, request):
        """(is ok, payload) for one request."""
        request = request[:-1] if request.endswith(b"\n") else request
        verb, _, rest = request.partition(b" ")
        method = getattr(self, "run_" + verb.decode("latin-1").lower(), None)
        try:
            if method is None:
                raise Failure("unknown command")
            with self.lock:
                return True, method(rest)
        except Failure as failure:
            return False, b"ERROR %s\n" % str(failure).encode()

    @staticmethod
    def words(rest, least, most):
        """The arguments, if their number is right."""
        words = rest.split(b" ") if rest else []
        if not least <= len(words) <= most:
            raise Failure("wrong number of arguments")
        return words

    @staticmethod
    def number(word, low=-INT64):
        """A 64-bit integer."""
        if not re.fullmatch(rb"-?[0-9]{1,19}", word) or not low <= int(word) < INT64:
            raise Failure("not a number")
        return int(word)

    @staticmethod
    def key(word):
        """A valid key."""
        try:
            text = word.decode()
        except UnicodeDecodeError:
            raise Failure("bad key") from None
        if not 1 <= len(word) <= 512 or re.search(r"[\s\x00-\x1f\x7f-\x9f]", text):
            raise Failure("bad key")
        return word

    def find(self, key):
        """The living entry, or None."""
        entry = self.entries.get(key)
        if entry and entry[2] is not None and entry[2] <= time.monotonic():
            del self.entries[key]
            return None
        return entry

    def need(self, rest):
        """The entry of the only argument."""
        entry = self.find(self.key(*self.words(rest, 1, 1)))
        if entry is None:
            raise Failure("not found")
        return entry

    def write(self, key, value, deadline=None):
        """Stores a value under the next version."""
        self.version += 1
        self.entries[key] = [value, self.version, deadline]

    def run_set(self, rest):
        key, space, value = rest.partition(b" ")
        if not space:
            raise Failure("SET key value")
        self.write(self.key(key), value)
        return b"OK\n"

    def run_get(self, rest):
        return self.need(rest)[0] + b"\n"

    def run_delete(self, rest):
        self.need(rest)
        del self.entries[rest]
        return b"OK\n"

    def run_exists(self, rest):
        return b"1\n" if self.find(self.key(*self.words(rest, 1, 1))) else b"0\n"

    def under(self, prefix):
        """The living keys with the prefix, in byte order."""
        if prefix:
            self.key(prefix)
        return sorted(key for key in list(self.entries) if key.startswith(prefix) and self.find(key))

    def run_keys(self, rest):
        words = self.words(rest, 0, 3)
        prefix, limit, after = words + [b"", b"1000", b""][len(words):]
        keys = [key for key in self.under(prefix) if not after or key > after]
        return b"".join(key + b"\n" for key in keys[:self.number(limit)])

    def run_count(self, rest):
        return b"%d\n" % len(self.under(*self.words(rest, 0, 1) or [b""]))

    def run_incr(self, rest):
        key, by = (self.words(rest, 1, 2) + [b"1"])[:2]
        entry = self.find(self.key(key)) or [b"0", 0, None]
        value = self.number(entry[0]) + self.number(by)
        if not -INT64 <= value < INT64:
            raise Failure("overflow")
        self.write(key, b"%d" % value, entry[2])
        return b"%d\n" % value

    def run_cas(self, rest):
        key, _, rest = rest.partition(b" ")
        version, space, value = rest.partition(b" ")
        if not space:
            raise Failure("CAS key version value")
        entry = self.find(self.key(key)) or [b"", 0, None]
        if entry[1] != self.number(version, 0):
            raise Failure("conflict, version is %d" % entry[1])
        self.write(key, value)
        return b"OK %d\n" % self.version

    def run_expire(self, rest):
        key, seconds = self.words(rest, 2, 2)
        entry = self.need(key)
        entry[2] = time.monotonic() + self.number(seconds, 1)
        return b"OK\n"

    def run_ttl(self, rest):
        deadline = self.need(rest)[2]
        return b"%d\n" % (-1 if deadline is None else round(deadline - time.monotonic()))

    def run_echo(self, rest):
        return b"Echo: " + rest

    def run_time(self, rest):
        self.words(rest, 0, 0)
        return datetime.datetime.now(datetime.timezone.utc).isoformat().encode() + b"\n"

    def run_ping(self, rest):
        self.words(rest, 0, 0)
        return b"PONG\n"
