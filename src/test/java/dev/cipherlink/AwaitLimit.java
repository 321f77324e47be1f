package dev.cipherlink;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Gives every `await()` of the tests two minutes in place of Awaitility's 10 s: on a loaded machine a program takes one to start.
/// JUnit finds it by `META-INF/services`.
public final class AwaitLimit implements BeforeAllCallback {

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(Duration.ofMinutes(2));
    }
}
