package dev.cipherlink.cli;

/// The program itself: what it does without a command.
final class CipherlinkCommand extends ProgramCommand {
    private static final String SUMMARY = """
            cipherlink - an encrypted tunnel: key-value store, chat and forwarding

              cipherlink demo                              try it: a server and a prompt, no set-up
              cipherlink serve                             run a server; it prints its fingerprint
              cipherlink keygen identity                   make a key for yourself; it prints a public line
              cipherlink authorize 'THE PUBLIC LINE'       on the server: let that key in
              cipherlink kv SET greeting "hello world"     store a value

            commands: serve keygen authorize keys kv ping whoami sockets info bench config completion demo
            help:     cipherlink --help, cipherlink COMMAND --help""";

    private final Surroundings surroundings;

    final ClientOptions client = new ClientOptions();

    CipherlinkCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    void describe(Syntax syntax) {
        client.describe(syntax);
        syntax.about("An encrypted tunnel: key-value store, chat and forwarding.");
        syntax.examples("  cipherlink demo", "  cipherlink serve",
                "  cipherlink keygen identity, then on the server: cipherlink authorize 'THE LINE IT PRINTED'",
                "  cipherlink kv SET greeting \"hello world\"", "",
                "Every command has more with --help. Settings come from files, variables and options: see config --help.");
        syntax.version("--version", "Show the version and exit.");
    }

    Surroundings processSurroundings() {
        return surroundings;
    }

    @Override
    ExitStatus run() {
        if (spec().commandLine().getParseResult().expandedArgs().isEmpty()) {
            output().line(SUMMARY);
            return ExitStatus.DONE;
        }
        throw CliException.usage("no command given").withHint("cipherlink --help");
    }
}
