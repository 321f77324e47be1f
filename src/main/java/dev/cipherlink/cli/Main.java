package dev.cipherlink.cli;

/// Entry point of the program.
public final class Main {

    private Main() {
    }

    public static void main(String[] args) {
        LastResort.install();
        Carriers.leaveOneProcessor();
        ProcessExit.exit(Program.run(ProcessArguments.exact(args), Surroundings.ofProcess()));
    }
}
