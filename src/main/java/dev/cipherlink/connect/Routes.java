package dev.cipherlink.connect;

import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.ProxyRoute;
import dev.cipherlink.client.Route;
import dev.cipherlink.client.ViaRoute;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.ServerAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The way of a client's connections to its server: through `client.proxy` or the proxy of the environment, and then through the
/// servers of `client.via`.
final class Routes {

    /// As curl looks for them where a connection is encrypted.
    private static final List<String> PROXY_VARIABLES = List.of("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY");
    private static final List<String> EXCEPTION_VARIABLES = List.of("no_proxy", "NO_PROXY");

    private Routes() {
    }

    /// @param hop the configuration of a connection to a server in between
    static Route of(Settings settings, Map<String, String> environment, Optional<Credentials> hop) {
        Route route = proxy(settings, environment);
        for (ServerAddress server : settings.addresses(Setting.CLIENT_VIA)) {
            Credentials credentials = hop.orElseThrow(() -> CliException.usage(settings.origin(Setting.CLIENT_VIA).orElseThrow()
                    + " asks for servers in between (client.via), which know identities only, and a shared key is given"));
            route = new ViaRoute(ClientConfig.to(server.host(), server.port(), credentials)
                    .withTimes(settings.duration(Setting.CLIENT_TIMEOUT), settings.duration(Setting.KEEPALIVE_INTERVAL)).withRoute(route));
        }
        return route;
    }

    /// The whole way in words; empty if it is direct.
    static String describe(Settings settings, Map<String, String> environment) {
        Route first = proxy(settings, environment);
        List<String> stations = new ArrayList<>();
        if (first != Route.DIRECT) {
            stations.add("proxy " + first);
        }
        settings.addresses(Setting.CLIENT_VIA).forEach(server -> stations.add(server.toString()));
        return String.join(", ", stations);
    }

    /// The way to the first server.
    private static Route proxy(Settings settings, Map<String, String> environment) {
        String host = settings.addresses(Setting.CLIENT_VIA).stream().findFirst().orElseGet(() -> settings.address(Setting.CLIENT_SERVER)).host();
        Optional<String> set = settings.text(Setting.CLIENT_PROXY);
        if (set.isPresent()) {
            return set.get().equals(ProxyRoute.NONE) ? Route.DIRECT : ProxyRoute.parse(set.get());
        }
        // The first that is set counts, also if it is empty.
        Optional<String> variable = PROXY_VARIABLES.stream().filter(environment::containsKey).findFirst();
        if (variable.isEmpty() || environment.get(variable.get()).isEmpty() || isExcepted(host, environment)) {
            return Route.DIRECT;
        }
        try {
            return ProxyRoute.parse(environment.get(variable.get()));
        } catch (IllegalArgumentException e) {
            throw CliException.usage("cannot use the proxy of the variable " + variable.get() + ": it must be " + e.getMessage())
                    .withCause(e).withHint("--proxy none connects directly");
        }
    }

    /// Also loopback, which no proxy leads to.
    static boolean isExcepted(String host, Map<String, String> environment) {
        String name = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
        Optional<InetAddress> address = literal(name);
        if (name.equals("localhost") || address.filter(InetAddress::isLoopbackAddress).isPresent()) {
            return true;
        }
        String exceptions = EXCEPTION_VARIABLES.stream().filter(environment::containsKey).findFirst().map(environment::get).orElse("");
        return exceptions.strip().equals("*") || Stream.of(exceptions.toLowerCase(Locale.ROOT).split("[,\\s]+")).filter(each -> !each.isEmpty())
                .anyMatch(each -> address.isPresent() ? isWithin(address.get(), each) : isBelow(name, each));
    }

    private static boolean isBelow(String name, String domain) {
        String bare = domain.replaceFirst("^\\.", "").replaceFirst("\\.$", "");
        return !bare.isEmpty() && (name.equals(bare) || name.endsWith("." + bare));
    }

    /// @param block an address, or one with the bits that count: `10.0.0.0/8`
    private static boolean isWithin(InetAddress address, String block) {
        String[] parts = block.replaceAll("[\\[\\]]", "").split("/", 2);
        byte[] base = literal(parts[0]).map(InetAddress::getAddress).orElse(new byte[0]);
        byte[] given = address.getAddress();
        boolean isBlock = base.length == given.length && (parts.length == 1 || parts[1].matches("\\d{1,3}"));
        int bits = !isBlock ? -1 : parts.length == 1 ? base.length * 8 : Math.min(Integer.parseInt(parts[1]), base.length * 8);
        for (int bit = 0; bit < bits; bit++) {
            if (((base[bit / 8] ^ given[bit / 8]) & 0x80 >> bit % 8) != 0) {
                return false;
            }
        }
        return isBlock;
    }

    private static Optional<InetAddress> literal(String text) {
        try {
            return Optional.of(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
