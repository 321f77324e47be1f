/// Budgets: what one client may use of what all clients share.
///
/// Purpose: [dev.cipherlink.budget.MemoryBudget] shares out bytes of the heap, [dev.cipherlink.budget.TokenBucket] limits a rate.
///
/// Refuses: to know what the bytes or the tokens are for, and which client an owner is.
///
/// Threads: a memory budget may be used by any thread; a token bucket is guarded by its owner.
package dev.cipherlink.budget;
