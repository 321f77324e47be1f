/// Settings: their table, and where each value comes from.
///
/// Purpose: [dev.cipherlink.settings.Setting] lists every setting with type, default and description;
/// [dev.cipherlink.settings.SettingsLoader] reads the layers (files, environment, options), and
/// [dev.cipherlink.settings.Settings] holds the values with their origin.
///
/// Refuses: to guess. Every problem of every layer is reported at once, with the place that it stands in.
///
/// Threads: settings are immutable once loaded; loading blocks on files.
///
/// Follows: `docs/configuration.md`.
package dev.cipherlink.settings;
