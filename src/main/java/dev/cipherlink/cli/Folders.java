package dev.cipherlink.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Where a user's files are, by the XDG base directory specification: keys and configuration, state, data. Each is
/// empty if neither its variable nor `HOME` is set; a relative path in a variable is ignored, as that says.
record Folders(Optional<Path> config, Optional<Path> state, Optional<Path> data) {
    private static final String NAME = "cipherlink";

    static Folders of(Map<String, String> environment) {
        return new Folders(folder(environment, "XDG_CONFIG_HOME", ".config"),
                folder(environment, "XDG_STATE_HOME", ".local/state"),
                folder(environment, "XDG_DATA_HOME", ".local/share"));
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
        put(values, Setting.HISTORY_FILE, state, "history");
        return values;
    }

    private static void put(Map<String, String> values, Setting setting, Optional<Path> folder, String name) {
        folder.ifPresent(path -> values.put(setting.key(), path.resolve(name).toString()));
    }
}
