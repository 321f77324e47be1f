/// The prompt of `chat`, `kv` on a terminal, and `demo`.
///
/// Purpose: [dev.cipherlink.prompt.Chat] puts it together. `Repl` reads a line, `PromptSession` decides what it is and sends
/// it, a `Screen` shows what comes. Rendering is pure (`ChatLines`, `AnswerLines`, `StatusLine`, `TopPage`).
///
/// Refuses: to wait for the server; to write while a line is edited, except above it. Only this package knows JLine.
///
/// Threads: the main thread reads lines; a screen has a thread of its own; answers and events come from the client's
/// reading thread.
///
/// Follows: `docs/repl.md`.
package dev.cipherlink.prompt;
