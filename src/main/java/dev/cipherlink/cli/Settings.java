package dev.cipherlink.cli;

import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.forward.ForwardLimits;
import dev.cipherlink.forward.ForwardRules;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The effective settings, each with where it came from. Immutable.
///
/// Made from layers, the strongest first: options, environment, files, defaults. Every layer is checked as a whole,
/// also where a stronger one covers it.
final class Settings {

    /// A value that counts, and the layer that it is from.
    private record Effective(String text, Object value, Layer layer) {
    }

    /// A place where settings were looked for.
    ///
    /// @param place   a file or a variable
    /// @param outcome one of the constants
    /// @param why     empty unless something is wrong with it
    record Source(String place, String outcome, String why) {
        static final String READ = "read";
        static final String NOT_THERE = "not there";
        static final String PASSED_OVER = "passed over";
        static final String WRONG = "wrong";
        static final String FOREIGN = "not ours";
    }

    private final List<Layer> layers;
    private final Map<Setting, Effective> effective = new EnumMap<>(Setting.class);
    private final List<String> problems;
    private final List<Source> sources;

    /// @param layers the strongest first
    /// @param problems what was already found wrong while reading them
    /// @param sources where they were looked for
    Settings(List<Layer> layers, List<String> problems, List<Source> sources) {
        this.layers = List.copyOf(layers);
        this.problems = new ArrayList<>(problems);
        this.sources = List.copyOf(sources);
        layers.forEach(this::adopt);
    }

    private void adopt(Layer layer) {
        new TreeMap<>(layer.values()).forEach((key, text) -> {
            Optional<Setting> setting = Setting.byKey(key);
            if (setting.isEmpty()) {
                problems.add(unknown(key, layer.place().apply(key)));
                return;
            }
            try {
                Object value = setting.get().type().parse(text);
                effective.putIfAbsent(setting.get(), new Effective(text, value, layer));
            } catch (IllegalArgumentException _) {
                problems.add(key + ": " + layer.place().apply(key) + " says '" + TerminalText.escapeLine(text) + "', must be "
                        + setting.get().type().allowed() + hiddenCharacter(text));
            }
        });
    }

    /// What an editor adds and nobody sees.
    private static String hiddenCharacter(String text) {
        return text.endsWith("\r") ? " (the carriage return at its end is from a file with Windows line ends)"
                : text.endsWith("\n") ? " (it ends with a line feed)"
                : text.startsWith("\uFEFF") ? " (it begins with a byte order mark)" : "";
    }

    private static String unknown(String key, String origin) {
        String shown = TerminalText.escapeLine(key);
        return shown + ": unknown key in " + origin + NearestMatch.find(key, Setting.keys())
                .map(near -> ", did you mean " + near + "?")
                .orElse("; `cipherlink config show` lists all keys");
    }

    /// The same settings with another layer, stronger than all others.
    Settings with(Layer layer) {
        List<Layer> all = new ArrayList<>();
        all.add(layer);
        all.addAll(layers);
        Settings result = new Settings(all, List.of(), sources);
        problems.stream().filter(problem -> !result.problems.contains(problem)).forEach(result.problems::add);
        return result;
    }

    /// Everything that is wrong, one line each; empty if the settings can be used.
    List<String> problems() {
        return List.copyOf(problems);
    }

    List<Source> sources() {
        return sources;
    }

    /// @return this
    /// @throws CliException naming the first problem, if there is any
    Settings requireValid() {
        if (!problems.isEmpty()) {
            String more = problems.size() > 1 ? " (and " + (problems.size() - 1) + " more)" : "";
            CliException failure = CliException.usage("wrong configuration: " + problems.getFirst() + more);
            throw problems.size() > 1 ? failure.withHint("cipherlink serve --check") : failure;
        }
        return this;
    }

    /// The value as it was written.
    Optional<String> text(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(Effective::text);
    }

    /// Where the value came from: `default`, `./cipherlink.yaml:3`, `CIPHERLINK_SERVER_PORT`, `option --port`.
    Optional<String> origin(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> found.layer().place().apply(setting.key()));
    }

    int whole(Setting setting) {
        return (Integer) effective.get(setting).value();
    }

    long size(Setting setting) {
        return (Long) effective.get(setting).value();
    }

    Duration duration(Setting setting) {
        return (Duration) effective.get(setting).value();
    }

    String word(Setting setting) {
        return (String) effective.get(setting).value();
    }

    /// A setting that is `true` or `false`.
    boolean isOn(Setting setting) {
        return Boolean.parseBoolean(word(setting));
    }

    Optional<Fingerprint> fingerprint(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> (Fingerprint) found.value());
    }

    /// None if nobody has set any.
    ForwardRules forwardRules(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> (ForwardRules) found.value())
                .orElse(ForwardRules.NONE);
    }

    ForwardLimits forwardLimits() {
        return new ForwardLimits(duration(Setting.FORWARD_IDLE_TIMEOUT), duration(Setting.FORWARD_HALF_CLOSE_TIMEOUT));
    }

    /// Whether somebody has set it: a file, a variable or an option.
    boolean isSet(Setting setting) {
        return origin(setting).filter(origin -> !origin.equals(Layer.DEFAULT)).isPresent();
    }

    ServerAddress address(Setting setting) {
        return (ServerAddress) effective.get(setting).value();
    }

    /// A file, with a name relative to the place that set it: the folder of that file, or the working folder.
    ///
    /// @throws CliException if this system cannot have a file of that name
    Optional<Path> file(Setting setting) {
        return Optional.ofNullable(effective.get(setting)).map(found -> {
            try {
                return found.layer().folder().resolve(found.text());
            } catch (InvalidPathException e) {
                throw CliException.usage(setting.key() + ": " + origin(setting).orElseThrow() + " says '"
                        + TerminalText.escapeLine(found.text()) + "': " + e.getReason()).withCause(e);
            }
        });
    }
}
