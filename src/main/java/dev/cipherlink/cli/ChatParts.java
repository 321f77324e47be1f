package dev.cipherlink.cli;

/// What the parts of the REPL share.
record ChatParts(Rooms rooms, ChatLines lines, Switches switches, Palette palette, Glyphs glyphs) {
}
