package dev.cipherlink.connect;

import dev.cipherlink.agent.AgentClient;
import dev.cipherlink.agent.AgentClient.AgentException;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.Prompt;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.crypto.IdentityFile.WrongPassphraseException;
import dev.cipherlink.crypto.PasswordFile;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// Loads the private key files of users and servers, asking for passphrases and saying so where one is made.
public final class Identities {
    private static final int ATTEMPTS = 3;
    private static final PassphraseSource NO_PASSPHRASE = file -> {
        throw new FileSystemException(file.toString(), null, "the key has a passphrase and there is no terminal to ask for it; "
                + "`cipherlink agent unlock` before, or a file with it (client.passphrase-file, server.passphrase-file) would do");
    };

    private final ProcessEnvironment surroundings;
    private final Output output;

    public Identities(ProcessEnvironment surroundings, Output output) {
        this.surroundings = surroundings;
        this.output = output;
    }

    /// Loads the file of a setting. If the default file does not exist, makes it and says so once. A file that was named must exist,
    /// since its name may be mistyped.
    ///
    /// @throws CliException if there is none, or it must not be trusted
    public Identity load(Settings settings, Setting setting) {
        Path file = settings.file(setting).orElseThrow(() ->
                CliException.usage("no identity: there is no home folder to keep one in; set " + setting.key())
                        .withHint("cipherlink keygen identity FILE"));
        Optional<Identity> held = setting == Setting.CLIENT_IDENTITY ? ofAgent(settings, file) : Optional.empty();
        if (held.isPresent()) {
            return held.get();
        }
        Setting passphrase = setting == Setting.SERVER_IDENTITY ? Setting.SERVER_PASSPHRASE_FILE : Setting.CLIENT_PASSPHRASE_FILE;
        try {
            Optional<Path> passphraseFile = settings.file(passphrase);
            return passphraseFile.isPresent() ? loadOrCreate(file, reading(passphraseFile.get()), !settings.isSet(setting))
                    : load(file, !settings.isSet(setting));
        } catch (IOException e) {
            throw cannotUse(file, e);
        }
    }

    /// The identity of a file with a passphrase, if an agent holds it.
    private Optional<Identity> ofAgent(Settings settings, Path file) {
        Optional<Path> socket = settings.file(Setting.AGENT_SOCKET);
        if (socket.isEmpty() || !settings.word(Setting.CLIENT_AGENT).equals("auto")
                || !Files.exists(socket.get(), LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        try {
            Optional<byte[]> digest = Identity.sealedDigest(file);
            Optional<Identity> held = digest.isEmpty() ? Optional.empty() : new AgentClient(socket.get()).identity(digest.get());
            held.ifPresent(_ -> output.detail("identity: the agent at " + socket.get() + " holds it"));
            return held;
        } catch (AgentException e) {
            output.notice("cipherlink: " + e.getMessage());
            return Optional.empty();
        } catch (IOException _) {
            return Optional.empty(); // loading the file says what is wrong
        }
    }

    /// Loads a file that is there.
    ///
    /// @throws CliException if there is none, or it must not be trusted
    public Identity load(Path file) {
        try {
            return load(file, false);
        } catch (IOException e) {
            throw cannotUse(file, e);
        }
    }

    private static CliException cannotUse(Path file, IOException failure) {
        return CliException.usage("cannot use identity " + TerminalText.escapeLine(file.toString()) + ": " + FailureText.of(failure))
                .withCause(failure);
    }

    private Identity load(Path file, boolean mayCreate) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return loadOrCreate(file, passphrases(), mayCreate);
            } catch (WrongPassphraseException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                output.errorLine("wrong passphrase");
            }
        }
    }

    private Identity loadOrCreate(Path file, PassphraseSource source, boolean mayCreate) throws IOException {
        return mayCreate ? Identity.loadOrCreate(file, source, made -> tell(made, file)) : Identity.load(file, source);
    }

    private void tell(Identity made, Path file) {
        output.notice("cipherlink: made a new identity, " + made.publicKey().fingerprint() + ", kept in "
                + TerminalText.escapeLine(file.toString()));
    }

    private static PassphraseSource reading(Path passphraseFile) {
        return file -> {
            try {
                return PasswordFile.passphrase(passphraseFile);
            } catch (IOException e) {
                throw new FileSystemException(file.toString(), null, "its passphrase is in "
                        + TerminalText.escapeLine(passphraseFile.toString()) + ", which cannot be used: " + FailureText.of(e));
            }
        };
    }

    private PassphraseSource passphrases() {
        Prompt prompt = new Prompt(surroundings, output);
        return !prompt.canAsk() ? NO_PASSPHRASE
                : file -> prompt.secret("passphrase of " + TerminalText.escapeLine(file.toString()) + ": ")
                        .orElseThrow(() -> new FileSystemException(file.toString(), null, "no passphrase was given"));
    }

    /// How the user's key is called in the line that goes to an operator: by the login name, if that can be a name.
    public String userName() {
        return loginName().orElse("me");
    }

    /// The login name, if it can be a name here.
    Optional<String> loginName() {
        return Stream.of("USER", "LOGNAME")
                .map(variable -> surroundings.environment().getOrDefault(variable, ""))
                .filter(PublicKeyLine::isName).findFirst();
    }
}
