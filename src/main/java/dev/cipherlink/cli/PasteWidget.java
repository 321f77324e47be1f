package dev.cipherlink.cli;

import org.jline.reader.Buffer;
import org.jline.reader.LineReader;
import org.jline.reader.Widget;

/// What is pasted goes into the line as it is, less the line ends at its end: nothing is sent before Enter is pressed.
final class PasteWidget {

    private PasteWidget() {
    }

    static void install(LineReader reader) {
        Widget builtin = reader.getBuiltinWidgets().get(LineReader.BEGIN_PASTE);
        reader.getWidgets().put(LineReader.BEGIN_PASTE, () -> {
            boolean done = builtin.apply();
            Buffer buffer = reader.getBuffer();
            while (buffer.prevChar() == '\n') {
                buffer.backspace();
            }
            return done;
        });
    }
}
