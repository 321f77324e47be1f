/// `gateway`: clients of Redis, served from the store of the server.
///
/// Purpose: [dev.cipherlink.cli.gateway.GatewayCommand] binds what its options say, connects, and runs a
/// [dev.cipherlink.gateway.Gateway] until it is told to stop.
///
/// Refuses: what a command of Redis means.
///
/// Threads: the main thread waits for the end; the gateway has its own.
package dev.cipherlink.cli.gateway;
