"""redis-py against a gateway: redis_client.py PORT. Prints `done` if all went as with Redis."""
import sys
import redis

client = redis.Redis(port=int(sys.argv[1]))
client.delete(*(client.keys('*') or [b'none']))
assert client.set('k', b'v\xff\n') and client.get('k') == b'v\xff\n'
assert client.set('k', 'w', nx=True) is None and client.set('k', 'w', ex=100, get=True) == b'v\xff\n'
assert 98 <= client.ttl('k') <= 100 and client.persist('k') and client.ttl('k') == -1
assert client.incr('n', 5) == 5 and client.incrbyfloat('f', 0.5) == 0.5
assert client.mset({'x': 1, b'\x00 y': 2}) and client.mget('x', b'\x00 y', 'z') == [b'1', b'2', None]
assert sorted(client.scan_iter(match='*y', count=2)) == [b'\x00 y']

with client.pipeline(transaction=False) as pipe:
    for i in range(5000):
        pipe.set('p%d' % i, i)
    assert pipe.execute() == [True] * 5000

with client.pipeline() as pipe:
    pipe.watch('n')
    pipe.multi()
    pipe.incr('n')
    pipe.get('f')
    assert pipe.execute() == [6, b'0.5']
with client.pipeline() as pipe:
    pipe.watch('n')
    client.incr('n')
    pipe.multi()
    pipe.incr('n')
    try:
        pipe.execute()
        raise SystemExit('a watched key changed')
    except redis.WatchError:
        pass

events = client.pubsub(ignore_subscribe_messages=False)
events.subscribe('news')
events.psubscribe('__keyspace@0__:k*')
assert events.get_message(timeout=30)['type'] == 'subscribe'
assert events.get_message(timeout=30)['type'] == 'psubscribe'
assert client.publish('news', b'hello\n\xff') == 1
assert events.get_message(timeout=30)['data'] == b'hello\n\xff'
client.set('k', 1)
assert events.get_message(timeout=30)['data'] == b'set'
client.delete('k')
assert events.get_message(timeout=30)['data'] == b'del'

try:
    client.lpush('l', 1)
    raise SystemExit('there are no lists')
except redis.ResponseError as error:
    assert "unknown command 'LPUSH'" in str(error), error
assert client.info()['redis_version'] and client.client_list() and client.config_get('maxmemory') == {'maxmemory': '0'}
print('done')
