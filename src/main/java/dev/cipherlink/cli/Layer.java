package dev.cipherlink.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/// One source of settings: its values by key, and how to name the place of a key for people.
///
/// @param values texts by full key, unknown keys included
/// @param place from a key to the place that set it, such as `./cipherlink.yaml:3` or `option --port`
/// @param folder what relative file names in this source are relative to
record Layer(Map<String, String> values, UnaryOperator<String> place, Path folder) {

    /// The place of what nobody has set.
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
