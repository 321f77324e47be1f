package dev.cipherlink.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// Collects the settings that were given as options. Later ones replace earlier ones.
final class OptionLayer {
    private final Map<String, String> values = new HashMap<>();
    private final Map<String, String> names = new HashMap<>();

    /// @param text what was given, or null if the option was not
    /// @throws CliException if the setting takes no such value
    OptionLayer put(Setting setting, String option, String text) {
        if (text == null) {
            return this;
        }
        check(setting.type(), option, text);
        values.put(setting.key(), text);
        names.put(setting.key(), "option " + option);
        return this;
    }

    /// @throws CliException if the type takes no such value
    static Object check(SettingType type, String option, String text) {
        try {
            return type.parse(text);
        } catch (IllegalArgumentException _) {
            throw CliException.usage("wrong value for " + option + ": '" + TerminalText.escapeLine(text) + "', must be "
                    + type.allowed());
        }
    }

    /// @param folder the working folder: file names in options are relative to it
    Layer layer(Path folder) {
        return new Layer(Map.copyOf(values), key -> names.getOrDefault(key, "option"), folder);
    }
}
