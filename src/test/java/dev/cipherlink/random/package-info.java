/// Damage for parsers, from seeds.
///
/// Purpose: the tests called `*RandomTest` of all packages throw the same kinds of damage at what reads foreign bytes,
/// and state which exception, and no other, may come of it.
///
/// Refuses: to know any format.
///
/// Threads: one thread for each instance.
///
/// Follows: the fault catalogue's last resort, "never another exception than the documented one".
package dev.cipherlink.random;
