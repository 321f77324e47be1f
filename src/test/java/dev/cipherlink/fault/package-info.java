/// Faults of the network, made on purpose.
///
/// Purpose: [dev.cipherlink.fault.FaultProxy] stands between a real client and a real server, passes bytes on in any
/// pieces and at any pace, and ends, damages or swallows them where a plan says so. Plans come from seeds: a failure is
/// repeated by its seed, as far as two TCP stacks permit.
///
/// Refuses: to know what the bytes mean. It has no keys.
///
/// Threads: blocking code, two virtual threads for each connection and one that accepts. Everything public is
/// thread-safe.
///
/// Follows: section 5 of the fault catalogue, "means".
package dev.cipherlink.fault;
