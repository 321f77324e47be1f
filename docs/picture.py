#!/usr/bin/env python3
"""Makes docs/prompt.svg: two people chat in real terminals (tmux), and the screen of one is drawn.

usage: docs/picture.py [FILE]

Needs the runtime image (jlink/cipherlink builds it) and tmux.
"""

import html
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = str(HERE.parent / "jlink" / "cipherlink")
COLUMNS, ROWS = 84, 20
CELL_WIDTH, CELL_HEIGHT, MARGIN = 9, 20, 14
BACKGROUND, FOREGROUND = "#1b1f27", "#d8dde6"
COLOURS = ["#3b4252", "#e0717c", "#9fc98a", "#e8c980", "#7fa6dc", "#c58fc4", "#80c4d0", "#d8dde6",
           "#7d8799", "#f08b95", "#b4dba1", "#f5dc9e", "#9bbcec", "#d9abd8", "#9cd9e3", "#ffffff"]
PATIENCE = 60


class Terminals:
    """Two windows of a tmux server of our own, one a person."""

    def __init__(self, folder):
        self.command = ["tmux", "-u", "-S", str(folder / "tmux"), "-f", "/dev/null"]

    def run(self, *arguments):
        environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")
        environment.pop("TMUX", None)
        return subprocess.run([*self.command, *arguments], check=True, env=environment, text=True,
                              stdout=subprocess.PIPE).stdout

    def chat(self, person, server, folder, room):
        self.run("new-session", "-d", "-s", person, "-x", str(COLUMNS), "-y", str(ROWS), "-e", f"HOME={folder}",
                 "-e", "TZ=UTC", f"'{PROGRAM}' chat -s {server} --identity '{folder}/{person}' --accept-new-host-key '{room}'")
        self.run("set", "-g", "status", "off")
        self.wait(person, "linked")

    def type(self, person, text):
        self.run("send-keys", "-t", person, "-l", text)

    def enter(self, person, line, shown):
        self.type(person, line)
        self.run("send-keys", "-t", person, "Enter")
        self.wait(person, shown)

    def screen(self, person, *options):
        return self.run("capture-pane", "-p", "-t", person, *options)

    def wait(self, person, text):
        end = time.monotonic() + PATIENCE
        while text not in self.screen(person):
            if time.monotonic() > end:
                sys.exit(f"{person} does not see {text!r}:\n{self.screen(person)}")
            time.sleep(0.1)


def play(terminals):
    """What ann and bob say; ends with the screen that is drawn."""
    terminals.enter("bob", "morning ann, the build is green", "green ✓")
    terminals.wait("ann", "green")
    terminals.enter("ann", "good, then I release it", "it ✓")
    terminals.enter("ann", "SET deploy/version 41", "OK")
    terminals.enter("ann", "INCR deploy/version", "42")
    terminals.enter("ann", "WATCH deploy/", "OK")
    terminals.enter("bob", "/msg ann lunch at noon?", "noon?")
    terminals.enter("bob", "SET deploy/state done", "OK")
    terminals.wait("ann", "deploy/state")
    terminals.enter("bob", "/room #ops", "› /room #ops")
    terminals.enter("bob", "ann: can you look at the load?", "load? ✓")
    terminals.wait("ann", "(1 @)")
    terminals.type("ann", "CAS deploy/version ")
    terminals.wait("ann", "CAS deploy/version version value")


def colour(codes):
    """The colour that the numbers behind 38 or 48 name."""
    if codes[0] == 5:
        number = codes[1]
        if number < 16:
            return COLOURS[number]
        if number >= 232:
            return "#" + f"{8 + 10 * (number - 232):02x}" * 3
        steps = (0, 95, 135, 175, 215, 255)
        return "#" + "".join(f"{steps[(number - 16) // weight % 6]:02x}" for weight in (36, 6, 1))
    return "#" + "".join(f"{part:02x}" for part in codes[1:4])


def apply(style, codes):
    """@return the style after one SGR sequence: a dictionary of fill, back, bold, dim, italic, reverse."""
    style = dict(style)
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = {}
        elif code in (1, 2, 3, 7):
            style[{1: "bold", 2: "dim", 3: "italic", 7: "reverse"}[code]] = True
        elif code in (22, 23, 27):
            for name in {22: ("bold", "dim"), 23: ("italic",), 27: ("reverse",)}[code]:
                style.pop(name, None)
        elif code in (38, 48):
            style["fill" if code == 38 else "back"] = colour(codes)
            del codes[:2 if codes[0] == 5 else 4]
        elif code in (39, 49):
            style.pop("fill" if code == 39 else "back", None)
        elif code % 10 < 8 and code // 10 in (3, 4, 9, 10):
            style["fill" if code // 10 in (3, 9) else "back"] = COLOURS[code % 10 + (8 if code >= 90 else 0)]
    return style


def draw(screen):
    """@return an SVG of what `capture-pane -e` printed; each run of one style is as wide as its cells."""
    width, height = COLUMNS * CELL_WIDTH + 2 * MARGIN, ROWS * CELL_HEIGHT + 2 * MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
           f'role="img" font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="15">',
           "<title>The prompt of cipherlink chat</title>",
           f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>']
    style = {}
    for row, line in enumerate(screen.split("\n")[:ROWS]):
        column = 0
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if part.startswith("\x1b"):
                style = apply(style, [int(code or 0) for code in part[2:-1].split(";")])
                continue
            if not part:
                continue
            x, y = MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
            fill, back = style.get("fill", FOREGROUND), style.get("back")
            if "reverse" in style:
                fill, back = back or BACKGROUND, fill
            if back:
                out.append(f'<rect x="{x}" y="{y}" width="{len(part) * CELL_WIDTH}" height="{CELL_HEIGHT}" fill="{back}"/>')
            if part.strip():
                looks = "".join([' font-weight="bold"' if "bold" in style else "", ' font-style="italic"' if "italic" in style else "",
                                 ' opacity="0.6"' if "dim" in style else ""])
                text = part.rstrip()
                out.append(f'<text x="{x}" y="{y + 15}" fill="{fill}"{looks} xml:space="preserve" '
                           f'textLength="{len(text) * CELL_WIDTH}">{html.escape(text)}</text>')
            column += len(part)
    return "\n".join([*out, "</svg>", ""])


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "prompt.svg"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = {"HOME": name, "PATH": os.environ["PATH"]}
        for person in ("ann", "bob"):
            line = subprocess.run([PROGRAM, "keygen", "identity", folder / person], check=True, env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip()
            subprocess.run([PROGRAM, "-q", "authorize", line, "--name", person], check=True, env=environment,
                           stdout=subprocess.DEVNULL)
        server = subprocess.Popen([PROGRAM, "serve", "--port", "0"], env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        terminals = Terminals(folder)
        try:
            address = re.match(r"listening on (\S+) ", server.stdout.readline()).group(1)
            # They share a folder of state, and know each other's keys from now on: no direct message remarks on them.
            subprocess.run([PROGRAM, "-q", "kv", "-s", address, "--identity", folder / "ann", "--accept-new-host-key", "SET",
                            "--seal-to", "ann,bob", "note", "hello"], check=True, env=environment, stdout=subprocess.DEVNULL)
            for person in ("bob", "ann"):
                terminals.chat(person, address, folder, "#ops")
                terminals.enter(person, "/join #lobby", "#lobby ——")
            play(terminals)
            target.write_text(draw(terminals.screen("ann", "-e")), encoding="utf-8")
        finally:
            terminals.run("kill-server")
            server.terminate()
            server.wait()


main()
