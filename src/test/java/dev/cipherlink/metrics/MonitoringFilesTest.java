package dev.cipherlink.metrics;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// The dashboard and the rules in `dist/` are read by the programs for which they are made.
class MonitoringFilesTest {

    @Test
    void theDashboardIsJson() throws Exception {
        var tokens = new HashSet<JsonToken>();
        try (var json = new JsonFactory().createParser(ObjectReadContext.empty(), Files.readAllBytes(Path.of("dist/grafana/cipherlink.json")))) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                tokens.add(token);
            }
        }
        assertTrue(tokens.contains(JsonToken.END_OBJECT));
    }

    @Test
    void promtoolTakesTheRulesAndTheConfiguration() throws Exception {
        PrometheusText.assumePromtool();
        assertTrue(PrometheusText.promtool(null, "check", "rules", "dist/prometheus/cipherlink.rules.yml").startsWith("0 "));
        assertTrue(PrometheusText.promtool(null, "check", "config", "--syntax-only", "dist/prometheus/prometheus.yml").startsWith("0 "));
    }
}
