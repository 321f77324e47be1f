package dev.cipherlink.forward.mux;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel.Listener;

/// A channel that the peer wants to open.
public final class Opening {

    private static final Listener UNTOLD = new Listener() {
        @Override
        public void opened() {
            // It is refused.
        }

        @Override
        public void refused(Refusal refusal, String reason) {
            // By us.
        }

        @Override
        public void ended(RelayEnd end) {
            // Nothing was begun.
        }
    };

    private final MuxSession session;
    private final MuxChannel channel;

    /// Decides about channels that the peer wants to open.
    @FunctionalInterface
    public interface Targets {
        /// Answers sooner or later by [ForwardedChannel#connect], [ForwardedChannel#pipe] or [ForwardedChannel#refuse]. Called by the
        /// session's thread; must not block.
        void open(Opening opening);
    }

    Opening(MuxSession session, MuxChannel channel) {
        this.session = session;
        this.channel = channel;
    }

    /// The target as the peer wrote it.
    public String target() {
        return channel.target;
    }

    /// Takes it. To be called once, before [Targets#open] returns.
    public ForwardedChannel accept(ForwardLimits limits, Listener listener) {
        return new ForwardedChannel(session, channel, limits, listener);
    }

    /// Refuses it, in place of [#accept].
    public void refuse(TargetException refusal) {
        accept(ForwardLimits.DEFAULT, UNTOLD).refuse(refusal);
    }
}
