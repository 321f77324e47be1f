package dev.cipherlink.cli;

import dev.cipherlink.cli.base.RootCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;

/// The program itself: what it does without a command.
final class CipherlinkCommand extends RootCommand {
    private static final String SUMMARY = """
            cipherlink - an encrypted tunnel: key-value store, chat and forwarding

            Begin with:
              demo        a server and a prompt here: no set-up, nothing left behind
              serve       run a server; it prints its fingerprint
              kv          use its store:  cipherlink kv SET greeting "hello world"
            Use a server:
              chat        talk, and use the store, at a prompt
              forward     reach TCP services through it: ports, SOCKS, ProxyCommand
              gateway     its store for Redis clients:  cipherlink gateway --resp 6379
              ping        measure round trips          bench       rate and latency
              whoami      show how the server knows you
            Keys:
              keygen      make one; it prints a public line
              authorize   on the server: let in whose public line it is
              keys        show yours again; show or revoke those that are let in
              hosts       the servers whose keys you keep; forget one
              agent       hold those with a passphrase, so that it is asked once
            Look after a server:
              info        its counters                 sockets     its connections
              connections, sessions                    list or end them; for operators
              store       check, measure, back up, restore, export what it keeps
            This program:
              config      the settings, and where each comes from
              completion  teach the shell all this     help        exit statuses, commands

            cipherlink COMMAND --help has options and examples.""";

    CipherlinkCommand(ProcessEnvironment surroundings) {
        super(surroundings);
    }

    @Override
    public void describe(Syntax syntax) {
        client.describe(syntax);
        syntax.about("An encrypted tunnel: key-value store, chat and forwarding.");
        syntax.examples("  cipherlink demo", "  cipherlink serve",
                "  cipherlink authorize \"$(cipherlink keygen identity)\" --operator",
                "  cipherlink kv SET greeting \"hello world\"", "",
                "Settings come from files, variables and options: cipherlink config --help");
        syntax.version("--version", "Show the version and exit.");
    }

    @Override
    public ExitStatus run() {
        if (spec().commandLine().getParseResult().expandedArgs().isEmpty()) {
            output().line(SUMMARY);
            return ExitStatus.DONE;
        }
        throw CliException.usage("no command given").withHint("cipherlink --help");
    }
}
