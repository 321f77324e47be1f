package dev.cipherlink.fault;

import java.util.List;
import java.util.Random;

/// The faults of one connection.
public record FaultPlan(Flow toServer, Flow toClient) {

    public static final FaultPlan CLEAN = new FaultPlan(Flow.CLEAN, Flow.CLEAN);

    /// Both directions alike.
    public static FaultPlan both(Flow flow) {
        return new FaultPlan(flow, flow);
    }

    public static FaultPlan of(Direction direction, Flow flow) {
        return direction == Direction.TO_SERVER ? new FaultPlan(flow, Flow.CLEAN) : new FaultPlan(Flow.CLEAN, flow);
    }

    /// Exactly one fault, in either direction, at a random one of the first bytes; now and then in odd pieces.
    ///
    /// @param maxBytes bytes of each direction in which the fault falls
    public static FaultPlan random(Random random, List<Fault> faults, int maxBytes) {
        Fault fault = faults.get(random.nextInt(faults.size()));
        var flow = Flow.CLEAN.withSeed(random.nextLong())
                .with(random.nextInt(3) == 0 ? Pieces.RANDOM : Pieces.WHOLE);
        Flow broken = flow.with(fault, random.nextInt(maxBytes));
        return random.nextBoolean() ? new FaultPlan(broken, flow) : new FaultPlan(flow, broken);
    }

    Flow flow(Direction direction) {
        return switch (direction) {
            case TO_SERVER -> toServer;
            case TO_CLIENT -> toClient;
        };
    }
}
