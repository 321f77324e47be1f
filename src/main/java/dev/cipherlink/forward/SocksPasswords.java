package dev.cipherlink.forward;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Who may use a SOCKS port: user names with their passwords. Immutable.
public final class SocksPasswords {

    private static final int MAX_BYTES = 255;
    private static final byte[] NOBODY = {};
    private final Map<String, byte[]> byUser;

    private SocksPasswords(Map<String, byte[]> byUser) {
        this.byUser = byUser;
    }

    /// @param lines `user:password` each; blank ones and those that begin with `#` do not count
    /// @throws IllegalArgumentException if a line is wrong; the message gives its number and no secret
    public static SocksPasswords parse(List<String> lines) {
        var byUser = new HashMap<String, byte[]>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            byte[] password = line.substring(colon + 1).getBytes(StandardCharsets.UTF_8);
            boolean isLine = colon > 0 && password.length > 0 && password.length <= MAX_BYTES
                    && line.substring(0, colon).getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
            if (!isLine || byUser.put(line.substring(0, colon), password) != null) {
                throw new IllegalArgumentException("line " + (i + 1) + ": USER:PASSWORD is needed, each 1 to " + MAX_BYTES
                        + " bytes, each user once");
            }
        }
        if (byUser.isEmpty()) {
            throw new IllegalArgumentException("it names no user");
        }
        return new SocksPasswords(byUser);
    }

    boolean accepts(byte[] user, byte[] password) {
        byte[] right = byUser.getOrDefault(new String(user, StandardCharsets.UTF_8), NOBODY);
        return right.length > 0 & MessageDigest.isEqual(right, password);
    }
}
