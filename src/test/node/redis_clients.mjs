// ioredis and redis against a gateway: node redis_clients.mjs PORT. Prints `done` if all went as with Redis.
import assert from 'node:assert';
import { createRequire } from 'node:module';

const modules = createRequire(process.env.NODE_MODULES + '/');
const port = Number(process.argv[2]);

const { Redis } = modules('ioredis');
const io = new Redis(port);
assert.equal(await io.set('io', 'v'), 'OK');
assert.equal(await io.set('io', 'w', 'EX', 100, 'NX'), null);
assert.deepEqual(await io.mget('io', 'none'), ['v', null]);
const pipeline = io.pipeline();
for (let i = 0; i < 2000; i++) {
    pipeline.incr('io:n');
}
assert.equal((await pipeline.exec()).at(-1)[1], 2000);
assert.deepEqual(await io.multi().get('io').incr('io:n').exec(), [[null, 'v'], [null, 2001]]);
const listener = new Redis(port);
await listener.subscribe('io:news');
const heard = new Promise(resolve => listener.on('message', (channel, message) => resolve(message)));
assert.equal(await io.publish('io:news', 'hello'), 1);
assert.equal(await heard, 'hello');
const keys = [];
for await (const page of io.scanStream({ match: 'io*' })) {
    keys.push(...page);
}
assert.deepEqual(keys.sort(), ['io', 'io:n']);
await listener.quit();
await io.quit();

const { createClient } = modules('redis');
for (const RESP of [2, 3]) {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP });
    await client.connect();
    assert.equal(await client.set('node', 'v', { EX: 100 }), 'OK');
    assert.equal(await client.get('node'), 'v');
    assert.ok(await client.ttl('node') > 90);
    await client.watch('node');
    assert.deepEqual(await client.multi().set('node', 'w').get('node').exec(), ['OK', 'w']);
    const subscriber = client.duplicate();
    await subscriber.connect();
    const told = new Promise(resolve => subscriber.pSubscribe('node:*', message => resolve(message)));
    await new Promise(resolve => setImmediate(resolve));
    while (await client.publish('node:news', 'hello') === 0) {
        // not subscribed yet
    }
    assert.equal(await told, 'hello');
    await subscriber.quit();
    await client.quit();
}
console.log('done');
