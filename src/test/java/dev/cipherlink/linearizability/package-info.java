/// An independent check of what clients were answered: can all of it come from one store that runs one request after the other?
///
/// It shares no code with the store and knows only section 7 of `docs/protocol.md`. [Linearizability] searches for an order of the
/// requests of one key (the algorithm of Wing and Gong with the memory of Lowe, as in Knossos and Porcupine), and [KeyState] says what
/// each request does and answers. Keys are checked alone: a history is linearizable if that of each key is (Herlihy and Wing,
/// "Linearizability", 1990).
package dev.cipherlink.linearizability;
