package dev.cipherlink.client;

import java.io.IOException;

/// A request that did not bring the result it asked for. Which of the three it is says whether the request ran; a `switch` over
/// them is complete.
public abstract sealed class RequestException extends IOException {
    private static final long serialVersionUID = 1;

    RequestException(String message, Throwable cause) {
        super(message, cause);
    }

    /// No answer will come.
    ///
    /// @param wasSent as a [dev.cipherlink.command.ReplyHandler] is told it
    public static RequestException noAnswer(IOException cause, boolean wasSent) {
        return wasSent ? new OutcomeUnknownException(cause) : new NotDoneException(cause);
    }

    /// The server answered with an error, and the request changed nothing. The message is the server's sentence.
    public static final class RefusedException extends RequestException {
        private static final long serialVersionUID = 1;

        RefusedException(String reason) {
            super(reason, null);
        }
    }

    /// The request was not sent and never will be: it can be made again with another client.
    public static final class NotDoneException extends RequestException {
        private static final long serialVersionUID = 1;

        NotDoneException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /// The connection ended after a request was sent and before its answer came: the server may have run it or not.
    public static final class OutcomeUnknownException extends RequestException {
        private static final long serialVersionUID = 1;

        OutcomeUnknownException(Throwable cause) {
            super("the connection ended before the answer came; whether the request ran is unknown: " + cause.getMessage(),
                    cause);
        }

        /// An answer came, and this version cannot read it.
        OutcomeUnknownException(String answer) {
            super("the server's answer is not one of this request: " + answer, null);
        }
    }
}
