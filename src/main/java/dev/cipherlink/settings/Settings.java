package dev.cipherlink.settings;

import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.ServerAddress;
import dev.cipherlink.text.TerminalText;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/// The effective settings, each with where it came from. Immutable.
///
/// Made from layers, the strongest first: options, environment, files, defaults. Every layer is checked as a whole,
/// also where a stronger one covers it.
public final class Settings {

    /// The value of the strongest layer that has one.
    private record Effective(String text, Object value, Layer layer) {
    }

    /// A place where settings were looked for.
    ///
    /// @param place   a file or a variable
    /// @param outcome one of the constants
    /// @param why     empty unless something is wrong with it
    public record Source(String place, String outcome, String why) {
        static final String READ = "read";
        static final String NOT_THERE = "not there";
        public static final String PASSED_OVER = "passed over";
        static final String WRONG = "wrong";
        static final String FOREIGN = "not ours";
    }

    /// A named forward of a configuration file.
    ///
    /// @param options as the command line of `forward` has them
    /// @param origin  the place that set it
    /// @param folder  what relative file names in it are relative to
    public record ForwardProfile(String options, String origin, Path folder) {

        private static final String PREFIX = "forward.";
        private static final String NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}";

        /// The name that a key and its value make a profile of; null if they do not.
        static String name(String key, String text) {
            if (!text.startsWith("-") || !key.startsWith(PREFIX) || Setting.byKey(key).isPresent()) {
                return null; // nearly always: no pattern is compiled when the program starts
            }
            String name = key.substring(PREFIX.length());
            return name.matches(NAME) ? name : null;
        }

        /// The options for people, without the password of a proxy.
        public String shown() {
            return options.replaceAll("//[^/@\\s]*@", "//***@");
        }
    }

    private final List<Layer> layers;
    private final Map<String, ForwardProfile> profiles = new TreeMap<>();
    private final Map<Setting, Effective> effective = new EnumMap<>(Setting.class);
    private final List<String> problems;
    private final List<Source> sources;

    /// @param layers the strongest first
    /// @param problems found while reading them
    /// @param sources  the places that were looked at
    Settings(List<Layer> layers, List<String> problems, List<Source> sources) {
        this.layers = List.copyOf(layers);
        this.problems = new ArrayList<>(problems);
        this.sources = List.copyOf(sources);
        layers.forEach(this::adopt);
    }

    private void adopt(Layer layer) {
        new TreeMap<>(layer.values()).forEach((key, text) -> {
            Optional<Setting> setting = Setting.byKey(key);
            String profile = ForwardProfile.name(key, text);
            if (profile != null) {
                profiles.putIfAbsent(profile, new ForwardProfile(text, layer.place().apply(key), layer.folder()));
                return;
            }
            if (setting.isEmpty()) {
                problems.add(unknown(key, layer.place().apply(key)));
                return;
            }
            try {
                Object value = setting.get().type().parse(text);
                effective.putIfAbsent(setting.get(), new Effective(text, value, layer));
            } catch (IllegalArgumentException _) {
                problems.add(key + ": " + layer.place().apply(key) + " says '"
                        + TerminalText.escapeLine(setting.get().type().shown(text)) + "', must be " + setting.get().type().allowed() + hiddenCharacter(text));
            }
        });
    }

    /// A character that an editor adds and does not show, in words.
    private static String hiddenCharacter(String text) {
        return text.endsWith("\r") ? " (the carriage return at its end is from a file with Windows line ends)"
                : text.endsWith("\n") ? " (it ends with a line feed)"
                : text.startsWith("\uFEFF") ? " (it begins with a byte order mark)" : "";
    }

    private static String unknown(String key, String origin) {
        String shown = TerminalText.escapeLine(key);
        return shown + ": unknown key in " + origin + NearestMatch.find(key, Setting.keys())
                .map(near -> ", did you mean " + near + "?")
                .orElse(key.startsWith(ForwardProfile.PREFIX) ? "; a named forward begins with an option: -L 5432:db.internal:5432"
                        : "; `cipherlink config show` lists all keys");
    }

    /// The same settings with another layer, stronger than all others.
    public Settings with(Layer layer) {
        List<Layer> all = new ArrayList<>();
        all.add(layer);
        all.addAll(layers);
        Settings result = new Settings(all, List.of(), sources);
        problems.stream().filter(problem -> !result.problems.contains(problem)).forEach(result.problems::add);
        return result;
    }

    /// Everything that is wrong, one line each; empty if the settings can be used.
    public List<String> problems() {
        return List.copyOf(problems);
    }

    public List<Source> sources() {
        return sources;
    }

    /// @return this
    /// @throws CliException naming the first problem, if there is any
    public Settings requireValid() {
        if (!problems.isEmpty()) {
            String more = problems.size() > 1 ? " (and " + (problems.size() - 1) + " more)" : "";
            CliException failure = CliException.usage("wrong configuration: " + problems.getFirst() + more);
            throw problems.size() > 1 ? failure.withHint("cipherlink serve --check") : failure;
        }
        return this;
    }

    /// The named forwards, by name.
    public Map<String, ForwardProfile> forwardProfiles() {
        return Collections.unmodifiableMap(profiles);
    }

    /// The value as it was written.
    public Optional<String> text(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(Effective::text);
    }

    /// Where the value came from: `default`, `./cipherlink.yaml:3`, `CIPHERLINK_SERVER_PORT`, `option --port`.
    public Optional<String> origin(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> found.layer().place().apply(setting.key()));
    }

    public int whole(Setting setting) {
        return (Integer) effective.get(setting).value();
    }

    public long size(Setting setting) {
        return (Long) effective.get(setting).value();
    }

    public Duration duration(Setting setting) {
        return (Duration) effective.get(setting).value();
    }

    public String word(Setting setting) {
        return (String) effective.get(setting).value();
    }

    /// A setting that is `true` or `false`.
    public boolean isOn(Setting setting) {
        return Boolean.parseBoolean(word(setting));
    }

    public Optional<Fingerprint> fingerprint(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> (Fingerprint) found.value());
    }

    /// No rules if the setting has no value.
    public ForwardRules forwardRules(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> (ForwardRules) found.value())
                .orElse(ForwardRules.NONE);
    }

    public ForwardLimits forwardLimits() {
        return new ForwardLimits(duration(Setting.FORWARD_IDLE_TIMEOUT), duration(Setting.FORWARD_HALF_CLOSE_TIMEOUT));
    }

    /// Whether a file, a variable or an option has set it.
    public boolean isSet(Setting setting) {
        return origin(setting).filter(origin -> !origin.equals(Layer.DEFAULT)).isPresent();
    }

    public ServerAddress address(Setting setting) {
        return (ServerAddress) effective.get(setting).value();
    }

    /// Empty if the setting has no value.
    @SuppressWarnings("unchecked") // as its type says
    public List<ServerAddress> addresses(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> (List<ServerAddress>) found.value()).orElse(List.of());
    }

    /// A file, with a name relative to the place that set it: the folder of that file, or the working folder.
    ///
    /// @throws CliException if this system cannot have a file of that name
    public Optional<Path> file(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> {
            try {
                return found.layer().folder().resolve(found.text());
            } catch (InvalidPathException e) {
                throw CliException.usage(setting.key() + ": " + origin(setting).orElseThrow() + " says '"
                        + TerminalText.escapeLine(found.text()) + "': " + e.getReason()).withCause(e);
            }
        });
    }

    /// Where a user's files are, by the XDG base directory specification: keys and configuration, state, data, and sockets. Each is
    /// empty if neither its variable nor `HOME` is set; a relative path in a variable is ignored, as that says.
    record Folders(Optional<Path> config, Optional<Path> state, Optional<Path> data, Optional<Path> runtime) {
        private static final String NAME = "cipherlink";

        static Folders of(Map<String, String> environment) {
            Optional<Path> state = folder(environment, "XDG_STATE_HOME", ".local/state");
            String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
            return new Folders(folder(environment, "XDG_CONFIG_HOME", ".config"), state,
                    folder(environment, "XDG_DATA_HOME", ".local/share"),
                    runtime.startsWith("/") ? Optional.of(Path.of(runtime, NAME)) : state);
        }

        private static Optional<Path> folder(Map<String, String> environment, String variable, String underHome) {
            String base = environment.get(variable);
            if (base != null && base.startsWith("/")) {
                return Optional.of(Path.of(base, NAME));
            }
            String home = environment.get("HOME");
            return home == null || !home.startsWith("/") ? Optional.empty() : Optional.of(Path.of(home, underHome, NAME));
        }

        /// The defaults of the settings that name a file or a folder, as far as there is a place for them.
        Map<String, String> defaults() {
            Map<String, String> values = new TreeMap<>();
            put(values, Setting.SERVER_IDENTITY, config, "server_identity");
            put(values, Setting.SERVER_AUTHORIZED_KEYS, config, "authorized_keys");
            put(values, Setting.SERVER_DATA, data, "");
            put(values, Setting.CLIENT_IDENTITY, config, "identity");
            put(values, Setting.CLIENT_KNOWN_HOSTS, state, "known_hosts");
            put(values, Setting.CLIENT_KNOWN_PEOPLE, state, "known_people");
            put(values, Setting.CLIENT_REVOKED_HOSTS, state, "revoked_hosts");
            put(values, Setting.AGENT_SOCKET, runtime, "agent");
            put(values, Setting.FORWARD_SOCKETS, runtime, "forwards");
            put(values, Setting.HISTORY_FILE, state, "history");
            return values;
        }

        private static void put(Map<String, String> values, Setting setting, Optional<Path> folder, String name) {
            folder.ifPresent(path -> values.put(setting.key(), path.resolve(name).toString()));
        }
    }

    /// One source of settings: its values by key, and how to name the place of a key for people.
    ///
    /// @param values texts by full key, unknown keys included
    /// @param place from a key to the place that set it, such as `./cipherlink.yaml:3` or `option --port`
    /// @param folder what relative file names in this source are relative to
    record Layer(Map<String, String> values, UnaryOperator<String> place, Path folder) {

        /// The place of a value that nothing has set.
        static final String DEFAULT = "default";

        static Layer of(String place, Map<String, String> values, Path folder) {
            return new Layer(values, key -> place, folder);
        }

        /// The built-in defaults.
        static Layer defaults(Path folder, Folders folders) {
            Map<String, String> values = new TreeMap<>(folders.defaults());
            for (Setting setting : Setting.values()) {
                setting.defaultText().ifPresent(text -> values.put(setting.key(), text));
            }
            return of(DEFAULT, values, folder);
        }
    }

    /// Collects the settings that were given as options. Later ones replace earlier ones.
    public static final class OptionLayer {
        private final Map<String, String> values = new HashMap<>();
        private final Map<String, String> names = new HashMap<>();

        /// @param text what was given, or null if the option was not
        /// @throws CliException if the setting takes no such value
        public OptionLayer put(Setting setting, String option, String text) {
            if (text == null) {
                return this;
            }
            check(setting.type(), option, text);
            values.put(setting.key(), text);
            names.put(setting.key(), "option " + option);
            return this;
        }

        /// @throws CliException if the type takes no such value
        public static Object check(SettingType type, String option, String text) {
            try {
                return type.parse(text);
            } catch (IllegalArgumentException _) {
                throw CliException.usage("wrong value for " + option + ": '" + TerminalText.escapeLine(type.shown(text)) + "', must be "
                        + type.allowed());
            }
        }

        /// @param folder the working folder: file names in options are relative to it
        public Layer layer(Path folder) {
            return new Layer(Map.copyOf(values), key -> names.getOrDefault(key, "option"), folder);
        }
    }
}
