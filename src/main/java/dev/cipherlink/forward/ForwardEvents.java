package dev.cipherlink.forward;

import java.io.IOException;

/// Is told what listeners do. Called from many threads; must not block for long.
public interface ForwardEvents {

    /// A connection was accepted and not forwarded, or its request was none.
    ///
    /// @param listener as [ForwardListener#name] says
    /// @param cause    a [TargetException] if the server did not connect to the target
    void failed(String listener, IOException cause);

    /// A forwarded connection ended.
    void ended(String listener, ForwardTarget target, RelayEnd end);
}
