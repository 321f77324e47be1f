package dev.cipherlink.cli;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// What `/set` switches on and off, for as long as the REPL runs. Thread-safe.
final class Switches {
    static final String HINTS = "hints";
    static final String BELL = "bell";
    static final String STATUS = "status";

    private final Map<String, Boolean> values = new ConcurrentHashMap<>(Map.of(HINTS, true, BELL, true, STATUS, true));

    boolean isOn(String name) {
        return values.get(name);
    }

    /// @param words `hints off`
    /// @return what there is to say about it
    String set(String words) {
        String[] parts = words.toLowerCase(Locale.ROOT).split("\\s+");
        boolean known = parts.length == 2 && values.containsKey(parts[0]) && (parts[1].equals("on") || parts[1].equals("off"));
        if (known) {
            values.put(parts[0], parts[1].equals("on"));
        }
        return known || words.isEmpty() ? describe() : "/set takes one of " + String.join(", ", new TreeMap<>(values).keySet())
                + ", and on or off";
    }

    private String describe() {
        return new TreeMap<>(values).entrySet().stream().map(each -> each.getKey() + (each.getValue() ? " on" : " off"))
                .collect(Collectors.joining(", "));
    }
}
