package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Collection;

/// Commands of the server as the payload of a request (`docs/protocol.md`, section 7).
final class Requests {

    private Requests() {
    }

    /// A verb and its arguments. The last one may hold anything: the line feed that ends a command is added where the argument
    /// ends with one itself.
    static byte[] of(String verb, byte[]... arguments) {
        int length = verb.length();
        for (byte[] argument : arguments) {
            length += 1 + argument.length;
        }
        byte[] last = arguments.length == 0 ? null : arguments[arguments.length - 1];
        boolean endsWithLineFeed = last != null && last.length > 0 && last[last.length - 1] == '\n';
        byte[] request = new byte[endsWithLineFeed ? length + 1 : length];
        int at = ascii(verb, request, 0);
        for (byte[] argument : arguments) {
            request[at++] = ' ';
            System.arraycopy(argument, 0, request, at, argument.length);
            at += argument.length;
        }
        if (endsWithLineFeed) {
            request[at] = '\n';
        }
        return request;
    }

    /// Several commands as one, in which each has an outcome of its own or all fail together.
    static byte[] transaction(boolean isEach, Collection<byte[]> commands) {
        String head = isEach ? "TXN EACH\n" : "TXN\n";
        int length = head.length();
        for (byte[] command : commands) {
            length += digits(command.length + 1) + 1 + command.length + 1;
        }
        byte[] request = new byte[length];
        int at = ascii(head, request, 0);
        for (byte[] command : commands) {
            boolean isEnded = command[command.length - 1] == '\n';
            at = ascii(Integer.toString(isEnded ? command.length : command.length + 1), request, at);
            request[at++] = ' ';
            System.arraycopy(command, 0, request, at, command.length);
            at += command.length;
            if (!isEnded) {
                request[at++] = '\n';
            }
        }
        return at == length ? request : Arrays.copyOf(request, at);
    }

    static byte[] number(long number) {
        return ascii(Long.toString(number));
    }

    static byte[] ascii(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static int digits(int number) {
        return Integer.toString(number).length();
    }

    @SuppressWarnings("deprecation") // the one way from ASCII to an array that is there
    private static int ascii(String text, byte[] target, int at) {
        text.getBytes(0, text.length(), target, at);
        return at + text.length();
    }
}
