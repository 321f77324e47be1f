/// Fuzzing of everything that reads the bytes of a peer or a file.
///
/// Purpose: a [dev.cipherlink.fuzz.FuzzTarget] beside each parser says what may come of any input. Each build tries its seeds, the
/// inputs of earlier findings (`src/test/resources/fuzz`), and seeded damage of both; [dev.cipherlink.fuzz.Fuzzing] is for long
/// runs under Jazzer, which looks for new branches.
///
/// Refuses: to know any format.
///
/// Threads: one thread for each target.
///
/// Follows: the fault catalogue's last resort, "never another exception than the documented one".
package dev.cipherlink.fuzz;
