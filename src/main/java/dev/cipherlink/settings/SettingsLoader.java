package dev.cipherlink.settings;

import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings.Folders;
import dev.cipherlink.settings.Settings.ForwardProfile;
import dev.cipherlink.settings.Settings.Layer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads configuration files and environment variables into [Settings].
///
/// The order, the weakest first: defaults, `/etc/cipherlink/cipherlink.yaml`, `$XDG_CONFIG_HOME/cipherlink/cipherlink.yaml`,
/// `./cipherlink.yaml` or the file of `--config`, credentials of systemd, environment variables. Options come on top with [Settings#with].
///
/// A file that another user could change ([TrustedPath]) is an error; `./cipherlink.yaml`, which nobody asked for, is passed over
/// instead, and may not set everything ([Setting#isForWorkingFolder]).
public final class SettingsLoader {
    private static final String FILE_NAME = "cipherlink.yaml";
    private static final String PREFIX = "CIPHERLINK_";
    private static final String CONFIG_VARIABLE = PREFIX + "CONFIG";
    private static final String CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY";
    /// Variables with our prefix that are not settings.
    private static final List<String> OTHER_VARIABLES = List.of(CONFIG_VARIABLE, PREFIX + "NO_COLOR", PREFIX + "JAVA_OPTS");

    private final Map<String, String> environment;
    private final Path workingFolder;
    private final Path systemFolder;
    private final Folders folders;
    private final List<String> problems = new ArrayList<>();
    private final List<Settings.Source> sources = new ArrayList<>();

    /// @param systemFolder where the configuration of the whole machine is: `/etc/cipherlink`
    public SettingsLoader(Map<String, String> environment, Path workingFolder, Path systemFolder) {
        this.environment = environment;
        this.workingFolder = workingFolder;
        this.systemFolder = systemFolder;
        this.folders = Folders.of(environment);
    }

    /// Reads everything; what is wrong is found with [Settings#problems]. Blocks on the disk.
    ///
    /// @param configFile the file of `--config`, or null
    public Settings load(String configFile) {
        List<Layer> layers = new ArrayList<>();
        layers.add(environmentLayer());
        credentials().ifPresent(layers::add);
        String named = configFile != null ? configFile : environment.get(CONFIG_VARIABLE);
        if (named != null) {
            read(named(named), named).ifPresent(layers::add);
        } else {
            readWorkingFolder().ifPresent(layers::add);
        }
        folders.config().map(folder -> folder.resolve(FILE_NAME)).flatMap(this::readIfThere).ifPresent(layers::add);
        readIfThere(systemFolder.resolve(FILE_NAME)).ifPresent(layers::add);
        layers.add(Layer.defaults(workingFolder, folders));
        return new Settings(layers, problems, sources);
    }

    /// What systemd hands to a service (`LoadCredential=server.identity:...`): a credential with the name of a setting is its file.
    private Optional<Layer> credentials() {
        String folder = environment.getOrDefault(CREDENTIALS_VARIABLE, "");
        if (!folder.startsWith("/")) {
            return Optional.empty();
        }
        Map<String, String> values = new TreeMap<>();
        for (Setting setting : Setting.values()) {
            Path file = Path.of(folder, setting.key());
            if (setting.type() instanceof SettingType.FileName && Files.isRegularFile(file)) {
                values.put(setting.key(), file.toString());
            }
        }
        return Optional.of(Layer.of("$" + CREDENTIALS_VARIABLE, values, workingFolder));
    }

    private Path named(String name) {
        try {
            Path file = workingFolder.resolve(name);
            if (!Files.exists(file)) {
                throw CliException.usage("cannot read " + TerminalText.escapeLine(name) + ": no such file");
            }
            return file;
        } catch (InvalidPathException e) {
            throw CliException.usage("cannot read " + TerminalText.escapeLine(name) + ": " + e.getReason()).withCause(e);
        }
    }

    private Optional<Layer> readIfThere(Path file) {
        return Files.exists(file) ? read(file, file.toString()) : notThere(file.toString());
    }

    private Optional<Layer> notThere(String shownName) {
        sources.add(new Settings.Source(shownName, Settings.Source.NOT_THERE, ""));
        return Optional.empty();
    }

    private Optional<Layer> readWorkingFolder() {
        String shownName = "./" + FILE_NAME;
        Path file = workingFolder.toAbsolutePath().resolve(FILE_NAME);
        if (!Files.exists(file)) {
            return notThere(shownName);
        }
        try {
            TrustedPath.resolve(file.getParent());
            TrustedPath.resolve(file);
        } catch (IOException e) {
            sources.add(new Settings.Source(shownName, Settings.Source.PASSED_OVER, FailureText.of(e)));
            return Optional.empty();
        }
        return read(file, shownName).map(this::withoutTrust);
    }

    private Layer withoutTrust(Layer layer) {
        Map<String, String> values = new TreeMap<>(layer.values());
        values.keySet().removeIf(key -> {
            boolean isRefused = Setting.byKey(key).filter(setting -> !setting.isForWorkingFolder()).isPresent()
                    || ForwardProfile.name(key, layer.values().get(key)) != null;
            if (isRefused) {
                problems.add(key + ": " + layer.place().apply(key) + " may not set it, since a file in the working folder decides "
                        + "neither whom to trust, nor how connections are encrypted, nor which files are used; put it into " + folders.config()
                                .map(folder -> TerminalText.escapeLine(folder.resolve(FILE_NAME).toString())).orElse("another file")
                        + ", or name this file with --config");
            }
            return isRefused;
        });
        return new Layer(values, layer.place(), layer.folder());
    }

    private Optional<Layer> read(Path file, String shownName) {
        try {
            Layer layer = new YamlFile(file, shownName).read();
            sources.add(new Settings.Source(shownName, Settings.Source.READ, ""));
            return Optional.of(layer);
        } catch (CliException e) {
            problems.add(e.getMessage());
            sources.add(new Settings.Source(shownName, Settings.Source.WRONG, e.getMessage()));
            return Optional.empty();
        }
    }

    private Layer environmentLayer() {
        Map<String, String> values = new TreeMap<>();
        Map<String, String> variables = new HashMap<>();
        for (Setting setting : Setting.values()) {
            variables.put(setting.variable(), setting.key());
        }
        new TreeMap<>(environment).forEach((name, value) -> {
            if (!name.startsWith(PREFIX) || OTHER_VARIABLES.contains(name)) {
                return;
            }
            if (ServiceVariables.isOne(name, environment)) {
                sources.add(new Settings.Source(name, Settings.Source.FOREIGN, "Kubernetes sets it for a service of that name"));
            } else if (variables.containsKey(name)) {
                values.put(variables.get(name), value);
            } else {
                problems.add(TerminalText.escapeLine(name) + ": unknown environment variable"
                        + NearestMatch.find(name, variables.keySet()).map(near -> ", did you mean " + near + "?")
                        .orElse("; `cipherlink config show` lists all keys"));
            }
        });
        return new Layer(values, key -> Setting.byKey(key).map(Setting::variable).orElse(key), workingFolder);
    }

    /// Kubernetes gives each container variables about every service of its namespace, whatever the container is. For a service
    /// `cipherlink-server` these are `CIPHERLINK_SERVER_SERVICE_HOST`, `CIPHERLINK_SERVER_SERVICE_PORT` (and one for each named
    /// port), `CIPHERLINK_SERVER_PORT=tcp://10.96.0.7:8888`, and `CIPHERLINK_SERVER_PORT_8888_TCP` with `_PROTO`, `_PORT` and
    /// `_ADDR`.
    private static final class ServiceVariables {
        private static final Pattern NAME = Pattern.compile(
                "(\\w+?)_(?:SERVICE_HOST|SERVICE_PORT(?:_\\w+)?|PORT(?:_\\d+_(?:TCP|UDP|SCTP)(?:_PROTO|_PORT|_ADDR)?)?)");
        private static final Pattern ADDRESS = Pattern.compile("(?:tcp|udp|sctp)://\\S+:\\d+");

        /// Only where the two are there that each service has: a mistyped variable of ours has no such company.
        static boolean isOne(String name, Map<String, String> environment) {
            Matcher matcher = NAME.matcher(name);
            return matcher.matches() && environment.containsKey(matcher.group(1) + "_SERVICE_HOST")
                    && ADDRESS.matcher(environment.getOrDefault(matcher.group(1) + "_PORT", "")).matches();
        }
    }
}
