package dev.cipherlink.client;

import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The servers that a user has met, with the keys that they had: a file with one line each,
/// `<name> cipherlink-x25519 <base64> <first seen>`. A server that has announced its next key has a second line, with `next`
/// at its end; when it first has that key, the line of its old one goes.
///
/// The name is the host as it was typed, in lower case, and always the port: `example.org:8888`, `[::1]:8888`. It is
/// not resolved, so that an attacker who controls name service or routing cannot choose which line is read. First seen
/// is a time in UTC (ISO 8601), for people only.
///
/// Lines with another key type, comments and whatever else somebody keeps there are left alone. A new file has mode
/// 0600; one that others may write is refused. Each call reads the file. Thread-safe, also against other processes
/// that do the same; everything blocks on the disk.
public final class KnownHosts {

    private static final String NEXT = "next";

    private final KeyListFile file;

    /// The file, which need not exist yet.
    public KnownHosts(Path path) {
        this.file = new KeyListFile(path);
    }

    public Path path() {
        return file.path();
    }

    /// The file's verdict on a server and the key that it offers.
    public sealed interface Lookup {

        /// It is the key that this server had.
        ///
        /// @param wasNext whether the server had it announced, and another until now
        record Known(boolean wasNext) implements Lookup {
        }

        /// This server is new.
        ///
        /// @param otherNames under which a server with this very key is known
        record Unknown(List<String> otherNames) implements Lookup {
            public Unknown {
                otherNames = List.copyOf(otherNames);
            }
        }

        /// This server had another key.
        ///
        /// @param file      where that key stands
        /// @param line      in which line, counted from 1
        /// @param stored    that key's fingerprint
        /// @param firstSeen as it stands in the file; empty if it does not
        record Changed(Path file, int line, Fingerprint stored, String firstSeen) implements Lookup {
        }
    }

    /// A line of ours.
    ///
    /// @param line      counted from 1
    /// @param name      as [#name] makes it
    /// @param firstSeen as it stands in the file; empty if it does not
    /// @param isNext    whether the server has announced it, and was not seen with it
    public record Host(int line, String name, PublicKey key, String firstSeen, boolean isNext) {
    }

    /// The name that a server has in the file.
    ///
    /// @param host name or address, an IPv6 address with or without brackets
    public static String name(String host, int port) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        String folded = bare.toLowerCase(Locale.ROOT);
        return (folded.indexOf(':') < 0 ? folded : "[" + folded + "]") + ":" + port;
    }

    /// Looks a server up.
    ///
    /// @throws IOException if the file cannot be read or must not be trusted, or the line of this very server is damaged
    public Lookup lookup(String host, int port, PublicKey offered) throws IOException {
        return lookup(lines(), name(host, port), offered);
    }

    /// All servers, in the order of the file.
    ///
    /// @throws IOException if the file cannot be read or must not be trusted
    public List<Host> list() throws IOException {
        return entries(lines(), "");
    }

    private List<String> lines() throws IOException {
        return file.read().map(KeyListFile.Content::lines).orElse(List.of());
    }

    private Lookup lookup(List<String> lines, String name, PublicKey offered) throws KeyLineException {
        var otherNames = new ArrayList<String>();
        Optional<Host> other = Optional.empty();
        for (Host entry : entries(lines, name)) {
            boolean isSameKey = entry.key().equals(offered);
            if (entry.name().equals(name)) {
                if (isSameKey) {
                    return new Lookup.Known(entry.isNext());
                }
                other = other.filter(seen -> !seen.isNext()).or(() -> Optional.of(entry));
            } else if (isSameKey) {
                otherNames.add(entry.name());
            }
        }
        return other.<Lookup>map(entry ->
                        new Lookup.Changed(path(), entry.line(), entry.key().fingerprint(), entry.firstSeen()))
                .orElseGet(() -> new Lookup.Unknown(otherNames));
    }

    /// A line that cannot be read is skipped, unless it is about the server in question: then what looks like a first
    /// contact might be none.
    private List<Host> entries(List<String> lines, String wanted) throws KeyLineException {
        var entries = new ArrayList<Host>();
        for (int i = 0; i < lines.size(); i++) {
            String[] words = lines.get(i).strip().split("[ \t]+");
            boolean isWanted = words[0].equals(wanted) && !wanted.isEmpty();
            try {
                if (words.length >= 3 && words[1].equals(PublicKeyLine.KEY_TYPE)) {
                    entries.add(new Host(i + 1, words[0], PublicKeyLine.parseKey(words[2]),
                            words.length > 3 ? words[3] : "", words.length > 4 && words[4].equals(NEXT)));
                } else if (isWanted && words.length < 3) {
                    throw new IllegalArgumentException("the key is missing");
                }
            } catch (IllegalArgumentException e) {
                if (isWanted) {
                    throw new KeyLineException(path(), i + 1, e.getMessage() + "; delete the line, or restore it");
                }
            }
        }
        return entries;
    }

    /// Keeps the key of a server that is new, first seen now.
    ///
    /// @return false if it is known already
    /// @throws IOException if it is known with another key, or the file cannot be changed
    public boolean add(String host, int port, PublicKey key) throws IOException {
        String name = name(host, port);
        boolean[] isNew = {false};
        file.update(lines -> switch (lookup(lines, name, key)) {
            case Lookup.Known _ -> lines;
            case Lookup.Changed changed -> throw HostKeyException.changed(host, port, key, changed);
            case Lookup.Unknown ignored -> {
                isNew[0] = true;
                var longer = new ArrayList<>(lines);
                longer.add(line(name, key));
                yield longer;
            }
        });
        return isNew[0];
    }

    private static String line(String name, PublicKey key) {
        return String.join(" ", name, PublicKeyLine.KEY_TYPE, PublicKeyLine.encodeKey(key),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /// Keeps what a known server has announced as its next key, and forgets what it announced before. Writes the file only if
    /// that is news; a server that is not known stays so.
    ///
    /// @throws IOException if the file cannot be changed
    public void setNext(String host, int port, Optional<PublicKey> next) throws IOException {
        String name = name(host, port);
        List<Host> before = entries(lines(), name).stream().filter(entry -> entry.name().equals(name)).toList();
        boolean isKept = before.stream().filter(Host::isNext).map(Host::key).toList().equals(next.stream().toList());
        boolean isKnown = before.stream().anyMatch(entry -> !entry.isNext());
        if (isKept || !isKnown || next.isPresent() && before.stream().anyMatch(entry -> !entry.isNext() && entry.key().equals(next.get()))) {
            return;
        }
        file.update(lines -> {
            var changed = new ArrayList<>(without(lines, name, Host::isNext));
            next.ifPresent(key -> changed.add(line(name, key) + " " + NEXT));
            return changed;
        });
    }

    /// The server has the key that it had announced: its older keys are forgotten.
    ///
    /// @throws IOException if the file cannot be changed
    public void succeed(String host, int port, PublicKey key) throws IOException {
        String name = name(host, port);
        file.update(lines -> {
            var changed = new ArrayList<>(without(lines, name, _ -> true));
            changed.add(line(name, key));
            return changed;
        });
    }

    private List<String> without(List<String> lines, String name, Predicate<Host> gone) throws KeyLineException {
        Set<Integer> numbers = entries(lines, name).stream().filter(entry -> entry.name().equals(name)).filter(gone)
                .map(Host::line).collect(Collectors.toSet());
        return IntStream.range(0, lines.size()).filter(i -> !numbers.contains(i + 1)).mapToObj(lines::get).toList();
    }

    /// Forgets a server: it will be new again.
    ///
    /// @return whether it was known
    /// @throws IOException if the file cannot be changed
    public boolean forget(String host, int port) throws IOException {
        String name = name(host, port);
        boolean[] wasKnown = {false};
        file.update(lines -> {
            List<String> rest = lines.stream().filter(line -> !line.strip().split("[ \t]+")[0].equals(name)).toList();
            wasKnown[0] = rest.size() < lines.size();
            return rest;
        });
        return wasKnown[0];
    }
}
