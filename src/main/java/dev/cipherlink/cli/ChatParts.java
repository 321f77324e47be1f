package dev.cipherlink.cli;

/// What the parts of the REPL share.
record ChatParts(Dialect dialect, Rooms rooms, ChatLines lines, Switches switches, Palette palette, Glyphs glyphs) {
}
