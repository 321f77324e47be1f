package dev.cipherlink.cli;

import dev.cipherlink.forward.ForwardEvents;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.RelayEnd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// Tells on stderr what forwards do: failures always, ends with `-v`.
final class ForwardReports implements ForwardEvents {

    private static final Logger LOG = System.getLogger(ForwardReports.class.getName());
    private final Output output;

    ForwardReports(Output output) {
        this.output = output;
    }

    @Override
    public void failed(String listener, IOException cause) {
        output.errorLine("cipherlink: " + listener + ": not forwarded: " + FailureText.of(cause));
    }

    @Override
    public void ended(String listener, ForwardTarget target, RelayEnd end) {
        LOG.log(Level.INFO, "{0}: {1} {2} {3}", listener, target, end.reason(), TerminalText.escapeLine(end.detail()));
    }
}
