package dev.cipherlink.gateway;

/// What is answered in place of a reply: an error in Redis' words. Without a stack trace, since clients cause as many as they like.
final class RespException extends Exception {
    private static final long serialVersionUID = 1;

    /// @param message with its prefix, such as `ERR`
    RespException(String message) {
        super(message, null, false, false);
    }

    static RespException syntax() {
        return new RespException("ERR syntax error");
    }

    static RespException notAnInteger() {
        return new RespException("ERR value is not an integer or out of range");
    }

    static RespException notAFloat() {
        return new RespException("ERR value is not a valid float");
    }

    static RespException protocol(String message) {
        return new RespException("ERR Protocol error: " + message);
    }

    /// @param command in lower case; with its subcommand behind a `|`
    static RespException arity(String command) {
        return new RespException("ERR wrong number of arguments for '" + command + "' command");
    }
}
