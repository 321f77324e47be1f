package dev.cipherlink.cli;

import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/// Where each key of a YAML text stands, and whether the text is a plain tree of settings: no key twice, of which a parser
/// would keep the last without a word; no anchors and aliases, which can make a tree endless; no deep nesting. It goes over the
/// text event by event, so that no text makes it recurse.
final class YamlCheck {
    private static final int MAX_DEPTH = 8;

    /// A mapping or a list that has begun and not ended.
    private static final class Level {
        private final String prefix;
        private final boolean isMapping;
        /// The key whose value comes next; null where a key comes next.
        private String key;
        private int elements;

        Level(String prefix, boolean isMapping) {
            this.prefix = prefix;
            this.isMapping = isMapping;
        }

        /// What the keys of a collection that begins here start with.
        String prefixOfValue() {
            return isMapping ? key + "." : prefix + elements + ".";
        }
    }

    /// The text is YAML, but not what settings are written in.
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        private final int line;

        RefusedException(Mark mark, String message) {
            super(message);
            this.line = lineOf(mark);
        }

        int line() {
            return line;
        }
    }

    private final Map<String, Integer> lines = new HashMap<>();
    private final Deque<Level> open = new ArrayDeque<>();

    private YamlCheck() {
    }

    /// @return the line of each key, counted from 1; keys with all that is above them, joined by dots
    /// @throws org.yaml.snakeyaml.error.YAMLException if the text is no YAML
    static Map<String, Integer> lines(String text) throws RefusedException {
        var check = new YamlCheck();
        for (Event event : new Yaml().parse(new StringReader(text))) {
            check.take(event);
        }
        return check.lines;
    }

    private static int lineOf(Mark mark) {
        return mark.getLine() + 1;
    }

    private void take(Event event) throws RefusedException {
        if (event instanceof CollectionEndEvent) {
            open.pop();
            valueEnded();
        } else if (event instanceof NodeEvent node) {
            takeNode(node);
        }
    }

    private void takeNode(NodeEvent node) throws RefusedException {
        if (node instanceof AliasEvent || node.getAnchor() != null) {
            throw new RefusedException(node.getStartMark(), "anchors (&" + node.getAnchor() + ") and aliases (*" + node.getAnchor()
                    + ") are not read here: write the value itself; quote one that begins with & or *");
        }
        Level level = open.peek();
        boolean isKey = level != null && level.isMapping && level.key == null;
        if (node instanceof ScalarEvent scalar) {
            if (isKey) {
                takeKey(level, scalar);
            } else {
                valueEnded();
            }
        } else if (node instanceof CollectionStartEvent) {
            if (isKey) {
                throw new RefusedException(node.getStartMark(), "a key must be a word");
            }
            if (open.size() == MAX_DEPTH) {
                throw new RefusedException(node.getStartMark(), "no setting is nested as deeply as this");
            }
            open.push(new Level(level == null ? "" : level.prefixOfValue(), node instanceof MappingStartEvent));
        }
    }

    private void takeKey(Level level, ScalarEvent scalar) throws RefusedException {
        level.key = level.prefix + scalar.getValue();
        int line = lineOf(scalar.getStartMark());
        Integer earlier = lines.putIfAbsent(level.key, line);
        if (earlier != null) {
            throw new RefusedException(scalar.getStartMark(), level.key + " stands in line " + earlier + " already");
        }
    }

    private void valueEnded() {
        Level level = open.peek();
        if (level != null) {
            level.key = null;
            level.elements++;
        }
    }
}
