package dev.cipherlink.prompt;

import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/// Formats chat events as lines for the screen, which escapes them. No input or output. One instance per REPL.
final class ChatLines {
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT);
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("EEEE, d MMMM yyyy", Locale.ENGLISH);

    /// The prefix of an action, such as `/me waves`.
    static final String ACTION = "/me ";

    private final Palette palette;
    private final Glyphs glyphs;
    private final ZoneId zone;
    private Pattern ownName = Pattern.compile("(?!)");
    private String own = "";

    ChatLines(Palette palette, Glyphs glyphs, ZoneId zone) {
        this.palette = palette;
        this.glyphs = glyphs;
        this.zone = zone;
    }

    /// Sets our own name, which is highlighted.
    void own(String name) {
        own = name;
        ownName = name.isEmpty() ? Pattern.compile("(?!)")
                : Pattern.compile("(?<![\\w.-])@?" + Pattern.quote(name) + "(?![\\w-])", Pattern.CASE_INSENSITIVE);
    }

    boolean mentionsUs(String text) {
        return ownName.matcher(text).find();
    }

    /// `12:04 #room <ann> text`, or `12:04 #room * ann does something`
    AttributedString message(Instant at, String room, String from, String text) {
        var line = begin(at).styled(palette.quiet(), room + " ");
        return byAuthor(line, from, text, from.equals(own) ? palette.plain() : null).toAttributedString();
    }

    /// `12:04 ann → you text`
    ///
    /// @param mark a remark on the message, in front of its text; empty for none
    AttributedString direct(Instant at, String from, String mark, String text) {
        var line = begin(at).styled(palette.name(from), from)
                .styled(palette.quiet(), " " + glyphs.arrow() + " ").styled(palette.name(own), "you").append(" ");
        if (!mark.isEmpty()) {
            line.styled(palette.warning(), "(" + mark + ")").append(" ");
        }
        return text(line, text, null).toAttributedString();
    }

    /// Our own message in a room, with its delivery state.
    AttributedString said(Instant at, String room, String text, DeliveryState fate) {
        var line = begin(at).styled(palette.quiet(), room + " ");
        return fate(byAuthor(line, own, text, palette.plain()), fate).toAttributedString();
    }

    /// `12:04 you → ann text`
    AttributedString told(Instant at, String to, String text, DeliveryState fate) {
        var line = begin(at).styled(palette.name(own), "you").styled(palette.quiet(), " " + glyphs.arrow() + " ")
                .styled(palette.name(to), to).append(" ");
        return fate(text(line, text, palette.plain()), fate).toAttributedString();
    }

    private AttributedStringBuilder fate(AttributedStringBuilder line, DeliveryState fate) {
        line.append(" ");
        return switch (fate) {
            case DeliveryState.Queued _ -> line.styled(palette.quiet(), glyphs.queued());
            case DeliveryState.Stored _ -> line.styled(palette.good(), glyphs.stored());
            case DeliveryState.Delivered _ -> line.styled(palette.good(), glyphs.delivered());
            case DeliveryState.Failed(String why) ->
                    line.styled(palette.error(), glyphs.failed() + " " + why);
            case DeliveryState.Unknown _ ->
                    line.styled(palette.warning(), glyphs.unknown() + " the connection was lost before its answer came");
        };
    }

    /// A presence change: `12:04 #room ann joined`.
    AttributedString presence(Instant at, String room, String name, String what) {
        var line = begin(at).styled(palette.quiet(), room.isEmpty() ? "" : room + " ");
        return line.styled(palette.quiet(), name + " " + what).toAttributedString();
    }

    /// A notice of the server: `12:04 text`.
    AttributedString notice(Instant at, String text) {
        return begin(at).styled(palette.warning(), text).toAttributedString();
    }

    AttributedString plain(String text) {
        return new AttributedString(text);
    }

    /// A message of the REPL itself.
    AttributedString remark(String text) {
        return new AttributedString(text, palette.quiet());
    }

    AttributedString warning(String text) {
        return new AttributedString(text, palette.warning());
    }

    AttributedString error(String text) {
        return new AttributedString(text, palette.error());
    }

    AttributedString divider(String text) {
        return new AttributedString(glyphs.rule() + " " + text + " " + glyphs.rule(), palette.quiet());
    }

    AttributedString day(LocalDate date) {
        return divider(DAY.format(date));
    }

    LocalDate dayOf(Instant at) {
        return LocalDate.ofInstant(at, zone);
    }

    /// A command as typed.
    AttributedString typed(String command) {
        String word = TypedLine.firstWord(command);
        return new AttributedStringBuilder().styled(palette.quiet(), glyphs.typed()).styled(palette.keyword(), word)
                .append(command.substring(word.length())).toAttributedString();
    }

    private AttributedStringBuilder begin(Instant at) {
        return new AttributedStringBuilder().styled(palette.quiet(), CLOCK.format(at.atZone(zone)) + " ");
    }

    /// `<ann> text`, or `* ann does something`.
    private AttributedStringBuilder byAuthor(AttributedStringBuilder line, String author, String text, AttributedStyle style) {
        boolean isAction = text.startsWith(ACTION);
        var begun = isAction ? line.append("* ").styled(palette.name(author), author) : name(line, author);
        return text(begun.append(" "), isAction ? text.substring(ACTION.length()) : text, style);
    }

    private AttributedStringBuilder name(AttributedStringBuilder line, String name) {
        return line.styled(palette.quiet(), "<").styled(palette.name(name), name)
                .styled(palette.quiet(), ">");
    }

    /// @param style null to highlight our name
    private AttributedStringBuilder text(AttributedStringBuilder line, String text, AttributedStyle style) {
        if (style != null) {
            return line.styled(style, text);
        }
        Matcher mentions = ownName.matcher(text);
        int from = 0;
        while (mentions.find()) {
            line.append(text.substring(from, mentions.start())).styled(palette.mention(), mentions.group());
            from = mentions.end();
        }
        return line.append(text.substring(from));
    }
}
