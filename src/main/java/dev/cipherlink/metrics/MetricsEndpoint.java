package dev.cipherlink.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Answers HTTP GET: `/metrics` with Prometheus' text, `/healthz` while the process runs, `/readyz` while clients can write.
///
/// Without encryption or authentication, for the loopback interface. A peer that is slow, or one of too many, is cut off by
/// the JDK's server.
public final class MetricsEndpoint implements AutoCloseable {

    private static final Logger LOG = System.getLogger(MetricsEndpoint.class.getName());
    private static final int BACKLOG = 16;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int WRONG_METHOD = 405;
    private static final int FAILED = 500;
    private static final int UNAVAILABLE = 503;
    private static final String TEXT = "text/plain; charset=utf-8";

    private final HttpServer http;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Consumer<MetricsReport> source;
    private final Supplier<String> unreadiness;

    private record Answer(int status, String contentType, byte[] body) {
        private static Answer text(int status, String line) {
            return new Answer(status, TEXT, (line + "\n").getBytes(UTF_8));
        }
    }

    private MetricsEndpoint(HttpServer http, Consumer<MetricsReport> source, Supplier<String> unreadiness) {
        this.http = http;
        this.source = source;
        this.unreadiness = unreadiness;
    }

    /// Listens from now on.
    ///
    /// @param source      adds what it measures to the report of a scrape
    /// @param unreadiness why clients cannot write; null if they can
    /// @throws IOException if the address cannot be bound
    public static MetricsEndpoint start(InetSocketAddress address, Consumer<MetricsReport> source, Supplier<String> unreadiness)
            throws IOException {
        // Read once by the JDK's server: connections at a time, and seconds for a request and for an answer.
        System.setProperty("jdk.httpserver.maxConnections", "16");
        System.setProperty("sun.net.httpserver.maxReqTime", "10");
        System.setProperty("sun.net.httpserver.maxRspTime", "10");
        var endpoint = new MetricsEndpoint(HttpServer.create(address, BACKLOG), source, unreadiness);
        endpoint.http.createContext("/", endpoint::handle);
        endpoint.http.setExecutor(endpoint.threads);
        endpoint.http.start();
        return endpoint;
    }

    /// With the actual port.
    public InetSocketAddress address() {
        return http.getAddress();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Answer answer = answer(exchange);
            exchange.getResponseHeaders().set("Content-Type", answer.contentType);
            boolean isHead = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(answer.status, isHead ? -1 : answer.body.length);
            if (!isHead) {
                exchange.getResponseBody().write(answer.body);
            }
        }
    }

    private Answer answer(HttpExchange exchange) {
        String method = exchange.getRequestMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            return Answer.text(WRONG_METHOD, "only GET and HEAD");
        }
        try {
            return switch (exchange.getRequestURI().getPath()) {
                case "/metrics" -> metrics();
                case "/healthz" -> Answer.text(OK, "ok");
                case "/readyz" -> readiness();
                default -> Answer.text(NOT_FOUND, "there are /metrics, /healthz and /readyz");
            };
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the metrics cannot be read", e);
            return Answer.text(FAILED, "the metrics cannot be read; the server's log says why");
        }
    }

    private Answer metrics() {
        var report = new MetricsReport();
        source.accept(report);
        ProcessFigures.addTo(report);
        return new Answer(OK, MetricsReport.CONTENT_TYPE, report.encode());
    }

    private Answer readiness() {
        String reason = unreadiness.get();
        return reason == null ? Answer.text(OK, "ready") : Answer.text(UNAVAILABLE, reason);
    }

    @Override
    public void close() {
        http.stop(0);
        threads.close();
    }
}
