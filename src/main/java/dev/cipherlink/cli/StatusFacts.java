package dev.cipherlink.cli;

import java.util.List;

/// What the status line tells.
///
/// @param name   ours, as the server knows us
/// @param room   the current one; empty for none
/// @param mode   `burst` or `step-by-step`
/// @param queued lines that wait for a connection
/// @param waitingFor the oldest command without an answer and for how long, such as `GET big 2 s`, and how far a large value
///               has come; empty for none
record StatusFacts(LinkState link, String server, String name, String room, List<Rooms.Unread> unread, String mode,
                   int inFlight, int window, int queued, String waitingFor) {
}
