package dev.cipherlink.session;

import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.StructuredTaskScope.Subtask;
import java.util.concurrent.atomic.AtomicReference;

/// The end of a link is the end of the first of its threads, also of one that failed: without memory none can be sure to say
/// why it ends, and the others would keep a link that nobody reads until its keepalives run out.
final class FirstEnd implements Joiner<LinkEnd, LinkEnd> {

    private final AtomicReference<Subtask<? extends LinkEnd>> first = new AtomicReference<>();

    @Override
    public boolean onComplete(Subtask<? extends LinkEnd> ended) {
        first.compareAndSet(null, ended);
        return true;
    }

    @Override
    public LinkEnd result() {
        Subtask<? extends LinkEnd> ended = first.get();
        return ended.state() == Subtask.State.SUCCESS ? ended.get()
                : LinkEnd.of(CloseReason.INTERNAL_ERROR, ended.exception());
    }
}
