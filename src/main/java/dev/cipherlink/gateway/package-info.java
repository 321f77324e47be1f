/// Redis' protocol at the client's end: RESP2 and RESP3 in, commands of the server out (`docs/redis.md`).
///
/// Purpose: [dev.cipherlink.gateway.Gateway] listens for clients of Redis, and carries the commands of all of them over one session
/// of the library's client. A `RespConnection` serves one of them: `RespReader` reads commands, `RedisCommand` is the table of them,
/// a [dev.cipherlink.gateway.Call] becomes requests, and the `ReplyQueue` has the replies in order.
///
/// Refuses: arguments, settings and terminals; the server's parts; to answer what the server has not.
///
/// Threads: two virtual threads for each client, and the thread that reads the server, which never blocks here.
package dev.cipherlink.gateway;
