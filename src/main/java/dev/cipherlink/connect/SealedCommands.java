package dev.cipherlink.connect;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyItems;
import dev.cipherlink.connect.SealingKeys.ChangedKeyException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.seal.SealedValue;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Seals the values that commands write, if it is asked to, and opens those that they read, which needs no asking.
///
/// Each method takes and gives what goes over the wire. Thread-safe after [#resolve]. Blocks on the file of the known people, for the
/// first sealed value only.
public final class SealedCommands {
    private static final CommandParser PARSER = new CommandParser(Integer.MAX_VALUE);

    private final ClientKeys clientKeys;
    private final Settings settings;
    private final Wishes wishes;
    private final Set<PublicKey> recipients = new LinkedHashSet<>();
    private final Set<PublicKey> authors = new HashSet<>();
    private Optional<SealingKeys> keys;

    /// @param keys those of the connection, which stay the caller's
    public SealedCommands(ClientKeys keys, Settings settings, Wishes wishes) {
        this.clientKeys = keys;
        this.settings = settings;
        this.wishes = wishes;
    }

    /// The options of `kv`.
    ///
    /// @param seals      whether values are sealed
    /// @param recipients for whom, beside ourselves: names, or keys in base64
    /// @param authors    whose values are shown beside ours, and no others; if there are none, those of people whom we know are, and
    ///                   unsealed ones
    public record Wishes(boolean seals, List<String> recipients, List<String> authors) {
        /// Opens what can be opened, and seals nothing.
        public static final Wishes NONE = new Wishes(false, List.of(), List.of());
    }

    /// Sends a command and waits for its answer.
    @FunctionalInterface
    public interface Asking {
        /// @throws CliException if there is no answer
        Reply ask(byte[] command) throws InterruptedException;
    }

    /// Finds the keys of the names among the wishes. Blocks on the server, if there are names.
    ///
    /// @param ownName our own name on the server
    /// @param news    is told of keys that are kept for the first time
    /// @throws CliException if there is a name without a key, with another one than before, or no identity to seal with
    public void resolve(String ownName, Asking server, Consumer<String> news) throws InterruptedException {
        if (wishes.seals) {
            required();
            for (String recipient : wishes.recipients) {
                recipients.add(key(recipient, ownName, server, news));
            }
            if (recipients.size() >= SealedValue.MAX_RECIPIENTS) {
                throw CliException.usage("--seal-to: at most " + (SealedValue.MAX_RECIPIENTS - 1) + " beside yourself");
            }
        }
        for (String author : wishes.authors) {
            authors.add(key(author, ownName, server, news));
        }
    }

    private PublicKey key(String text, String ownName, Asking server, Consumer<String> news) throws InterruptedException {
        if (!PublicKeyLine.isName(text)) {
            try {
                return PublicKeyLine.parseKey(text);
            } catch (IllegalArgumentException e) {
                throw CliException.usage("neither a name nor a key in base64: '" + TerminalText.escapeLine(text) + "'");
            }
        }
        try {
            SealingKeys known = required();
            Optional<PublicKey> offered = known.answer(text, ownName, server.ask(new Command.KeyOf(text).encode()));
            if (offered.isEmpty()) {
                throw CliException.usage(known.whyNone(text, text + " has no key here"));
            }
            SealingKeys.Met met = known.meet(text, offered.get());
            if (met.isNew()) {
                news.accept("the key of " + text + " is new here, " + offered.get() + ", and is kept; /verify " + text
                        + " in cipherlink chat compares it");
            }
            SealingKeys.requireSame(met.person(), offered.get());
            return offered.get();
        } catch (ChangedKeyException e) {
            throw new CliException(ExitStatus.AUTHENTICATION, e.getMessage()).withHint("/verify " + text + " in cipherlink chat").withCause(e);
        } catch (IOException e) {
            throw CliException.usage("cannot seal for " + text + ": " + FailureText.withFile(e)).withCause(e);
        }
    }

    /// The keys that it uses; empty with a shared key.
    ///
    /// @throws CliException if the file of the known people cannot be used
    public synchronized Optional<SealingKeys> keys() {
        if (keys == null) {
            keys = SealingKeys.of(clientKeys, settings);
        }
        return keys;
    }

    private SealingKeys required() {
        return keys().orElseThrow(() -> CliException.usage("sealed values need an identity of your own, and a shared key is not one"));
    }

    /// The command with its value sealed, if that is wished.
    ///
    /// @throws CliException if the value is too large, the command cannot write a sealed one, or it is not understood and may hold a value
    public byte[] seal(byte[] command) {
        if (!wishes.seals) {
            return command;
        }
        Command parsed;
        try {
            parsed = PARSER.parse(command, 0, command.length);
        } catch (CommandException e) {
            throw CliException.usage(e.getMessage() + "; it was not sent, since it could not be sealed");
        }
        return switch (parsed) {
            case Command.Set(byte[] key, byte[] value) -> new Command.Set(key, sealed(key, value)).encode();
            case Command.Put put -> new Command.Put(put.key(), sealed(put.key(), put.value()), put.presence(), put.expiry(), put.answersOld())
                    .encode();
            case Command.Cas(byte[] key, long version, byte[] value) -> new Command.Cas(key, version, sealed(key, value)).encode();
            case Command.Append _, Command.SetRange _, Command.Incr _, Command.IncrByFloat _ ->
                    throw CliException.usage("the server cannot change what it cannot read: with --seal, values are written as a whole");
            case Command.Rename _, Command.Copy _ ->
                    throw CliException.usage("a sealed value opens under its own key only: read it, and write it under the other one");
            case Command.Transaction _, Command.Publish _, Command.Echo _, Command.Say _, Command.Tell _ ->
                    throw CliException.usage("--seal seals the values of SET, PUT and CAS, and the server could read this");
            default -> command;
        };
    }

    private byte[] sealed(byte[] key, byte[] value) {
        long limit = settings.size(Setting.STORE_MAX_VALUE_SIZE);
        int all = recipients.contains(required().ownKey()) ? recipients.size() : recipients.size() + 1;
        long most = limit - SealedValue.sealedBytes(0, all);
        if (value.length > most) {
            throw CliException.usage("a value that is sealed for " + all + " has at most " + SizeText.format(most) + ", and this has "
                    + SizeText.format(value.length));
        }
        try {
            return SealedValue.seal(required().own(), key, value, recipients);
        } catch (IOException e) {
            throw CliException.usage("cannot seal: " + FailureText.of(e)).withCause(e);
        }
    }

    /// Whether [#open] may change an answer.
    public boolean opens(Reply reply) {
        return !reply.isError() && (namesAuthors() || SealedValue.mayContain(reply.payload()));
    }

    private boolean namesAuthors() {
        return !wishes.authors.isEmpty();
    }

    /// The answer with sealed values opened. One that does not open, or is of others than the authors that were named, becomes an error.
    ///
    /// @param command that was sent
    public Reply open(byte[] command, Reply reply) {
        if (!opens(reply)) {
            return reply;
        }
        try {
            return open(PARSER.parse(command, 0, command.length), reply);
        } catch (CommandException | ProtocolException _) {
            return namesAuthors() ? Reply.error("the answer is not understood, so nothing says who sealed it") : reply;
        }
    }

    private Reply open(Command command, Reply reply) throws ProtocolException {
        return switch (command) {
            case Command.Get(byte[] key) -> opened(key, reply);
            case Command.GetDel(byte[] key) -> opened(key, reply);
            case Command.GetEx getEx -> opened(getEx.key(), reply);
            case Command.Put put when put.answersOld() -> before(put, reply);
            case Command.MGet(List<byte[]> all) -> items(all.stream().<Command>map(Command.Get::new).toList(), reply);
            case Command.Transaction transaction -> items(transaction.commands(), reply);
            default -> reply;
        };
    }

    private Reply before(Command.Put put, Reply reply) throws ProtocolException {
        List<Reply> items = ReplyItems.split(reply.payload());
        Reply opened = items.size() == 1 ? opened(put.key(), items.getFirst()) : reply;
        return opened.isError() ? Reply.error("it was done, but of what was there before: " + opened.reason()) : ReplyItems.join(List.of(opened));
    }

    private Reply items(List<Command> commands, Reply reply) throws ProtocolException {
        List<Reply> opened = new ArrayList<>(ReplyItems.split(reply.payload()));
        if (opened.size() > commands.size()) {
            throw new ProtocolException("more answers than commands");
        }
        for (int i = 0; i < opened.size(); i++) {
            if (!opened.get(i).isError()) {
                opened.set(i, open(commands.get(i), opened.get(i)));
            }
        }
        return ReplyItems.join(opened);
    }

    private Reply opened(byte[] key, Reply reply) {
        if (reply.isError()) {
            return reply;
        }
        byte[] payload = reply.payload();
        byte[] value = Arrays.copyOf(payload, Math.max(0, payload.length - 1));
        if (!SealedValue.isSealed(value)) {
            return namesAuthors() ? Reply.error("the value is not sealed, and --sealed-by shows sealed ones only") : reply;
        }
        try {
            SealedValue opened = SealedValue.open(required().own(), key, value);
            PublicKey author = opened.sender();
            if (author.equals(required().ownKey())
                    || (namesAuthors() ? authors.contains(author) : required().people().find(author).isPresent())) {
                return Reply.value(opened.value());
            }
            return Reply.error(namesAuthors() ? "the value is sealed by another key than those of --sealed-by, " + author
                    : "the value is sealed by a key that is not known here, " + author + "; --sealed-by NAME, or its key, believes it");
        } catch (IOException e) {
            return Reply.error("the value is sealed and does not open: " + FailureText.withFile(e));
        } catch (CliException e) {
            return Reply.error("the value is sealed: " + e.getMessage());
        }
    }
}
