// Uses the server at 127.0.0.1:PORT through ioredis: ioredis.js PORT PROTOCOL TOPIC
'use strict';

const assert = require('node:assert/strict');
const { Redis } = require('ioredis');

const [port, protocol, topic] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const opened = [];

function connect(options = {}) {
  const client = new Redis({ port, host: '127.0.0.1', protocol, ...options });
  client.on('error', () => {});
  opened.push(client);
  return client;
}

async function until(holds) {
  while (!(await holds())) await new Promise(setImmediate);
}

async function untilBlocked(client, count) {
  await until(async () => (await client.info('clients')).includes(`blocked_clients:${count}\r\n`));
}

async function commands(client) {
  assert.equal(await client.ping(), 'PONG');
  assert.equal(await client.set('s', 'välue', 'EX', 100, 'NX'), 'OK');
  assert.equal(await client.set('s', 'x', 'NX'), null);
  assert.equal(await client.get('s'), 'välue');
  await client.set('bytes', Buffer.from([0, 255, 13, 10]));
  assert.deepEqual(await client.getBuffer('bytes'), Buffer.from([0, 255, 13, 10]));
  assert.equal(await client.mset(new Map([['a', 1], ['b', 2]])), 'OK');
  assert.deepEqual(await client.mget('a', 'none', 'b'), ['1', null, '2']);
  assert.deepEqual(await client.bitfield('bits', 'SET', 'u8', 0, 7, 'GET', 'u8', 0), [0, 7]);
  assert.equal(await client.incrbyfloat('f', 0.1), '0.1');

  assert.equal(await client.hset('h', { a: 1, b: 2 }), 2);
  assert.deepEqual({ ...(await client.hgetall('h')) }, { a: '1', b: '2' });
  assert.deepEqual(await client.hmget('h', 'b', 'none'), ['2', null]);
  assert.deepEqual((await client.hscan('h', 0))[1].sort(), ['1', '2', 'a', 'b']);
  assert.deepEqual((await client.hrandfield('h', 2, 'WITHVALUES')).flat().sort(), ['1', '2', 'a', 'b']);

  assert.equal(await client.rpush('l', 'a', 'b', 'c'), 3);
  assert.deepEqual(await client.lrange('l', 0, -1), ['a', 'b', 'c']);
  assert.deepEqual(await client.lpop('l', 2), ['a', 'b']);
  assert.equal(await client.lpos('l', 'c'), 0);

  assert.equal(await client.sadd('set', 'a', 'b'), 2);
  assert.deepEqual((await client.smembers('set')).sort(), ['a', 'b']);
  assert.deepEqual(await client.sinter('set', 'none'), []);

  assert.equal(await client.zadd('z', 1.5, 'a', '+inf', 'b'), 2);
  assert.deepEqual((await client.zrange('z', 0, -1, 'WITHSCORES')).flat().map(String), ['a', '1.5', 'b', 'inf']);
  assert.equal(String(await client.zscore('z', 'a')), '1.5');
  assert.deepEqual((await client.zpopmin('z')).flat().map(String), ['a', '1.5']);

  assert.equal(await client.xadd('x', '1-1', 'f', 'v'), '1-1');
  assert.deepEqual(await client.xrange('x', '-', '+'), [['1-1', ['f', 'v']]]);
  assert.equal(await client.xgroup('CREATE', 'x', 'g', '0'), 'OK');
  const read = JSON.stringify(await client.xreadgroup('GROUP', 'g', 'me', 'STREAMS', 'x', '>'));
  assert.equal(read, '[["x",[["1-1",["f","v"]]]]]');
  assert.equal(await client.xack('x', 'g', '1-1'), 1);

  assert.equal(await client.geoadd('geo', 13.361389, 38.115556, 'Palermo'), 1);
  assert.deepEqual(await client.geosearch('geo', 'FROMMEMBER', 'Palermo', 'BYRADIUS', 1, 'km'), ['Palermo']);
  assert.equal(await client.pfadd('hll', 'a', 'b'), 1);

  const pipeline = client.pipeline();
  for (let i = 0; i < 1000; i++) pipeline.set(`scan:${i}`, i);
  assert.ok((await pipeline.exec()).every(([error, reply]) => error === null && reply === 'OK'));
  const names = new Set();
  for await (const keys of client.scanStream({ match: 'scan:*', count: 50 })) keys.forEach((k) => names.add(k));
  assert.equal(names.size, 1000);
  const [first, second] = await client.pipeline().incr('l').get('s').exec();
  assert.match(first[0].message, /^WRONGTYPE Operation against a key holding the wrong kind of value$/);
  assert.equal(second[1], 'välue');
  await assert.rejects(client.call('NOSUCH', 'x'), /^ReplyError: ERR unknown command 'NOSUCH', with args beginning with: 'x' ?$/);

  const grouped = connect({ enableAutoPipelining: true, keyPrefix: 'app:', db: 3, connectionName: 'worker' });
  const all = await Promise.all(Array.from({ length: 100 }, () => grouped.incr('n')));
  assert.deepEqual(all, Array.from({ length: 100 }, (_, i) => i + 1));
  assert.equal(await client.get('app:n'), null);
  assert.match(await client.client('LIST'), /name=worker.* db=3/);
  if (protocol === 3) {
    const modern = connect({ replyMapping: 'resp3' });
    assert.deepEqual({ ...(await modern.hgetall('h')) }, { a: '1', b: '2' });
    assert.equal(await modern.zscore('z', 'b'), Infinity);
    assert.equal((await modern.config('GET', 'databases')).databases, '16');
  }
}

async function transactions(client) {
  const replies = await client.multi().set('a', 1).incr('a').lpush('l', 'x').lrange('l', 0, -1).exec();
  assert.deepEqual(replies, [[null, 'OK'], [null, 2], [null, 1], [null, ['x']]]);
  const [failed, fine] = await client.multi().incr('l').get('a').exec();
  assert.match(failed[0].message, /WRONGTYPE/);
  assert.equal(fine[1], '2');
  await assert.rejects(client.multi().set('never', 1).call('GET').exec(), /EXECABORT Transaction discarded because of previous errors/);
  assert.equal(await client.exists('never'), 0);
  // Not as a pipeline: each command gets its reply at once.
  assert.equal(await client.multi({ pipeline: false }), 'OK');
  assert.equal(await client.set('a', 3), 'QUEUED');
  assert.deepEqual(await client.exec(), [[null, 'OK']]);
  assert.equal(await client.multi({ pipeline: false }), 'OK');
  assert.equal(await client.discard(), 'OK');
  await assert.rejects(client.call('EXEC'), /ERR EXEC without MULTI/);
  await assert.rejects(client.discard(), /ERR DISCARD without MULTI/);

  const workers = Array.from({ length: 6 }, () => connect());
  await client.set('a', 0);
  await Promise.all(workers.map(async (worker) => {
    for (let done = 0; done < 40; ) {
      await worker.watch('a');
      const value = Number(await worker.get('a'));
      if ((await worker.multi().set('a', value + 1).incr('b').exec()) !== null) done += 1;
    }
  }));
  assert.deepEqual(await client.mget('a', 'b'), ['240', '240']);
}

async function pubsub(client) {
  const listener = connect();
  const got = [];
  listener.on('message', (channel, message) => got.push(`${channel}=${message}`));
  listener.on('pmessage', (pattern, channel, message) => got.push(`${pattern}:${channel}=${message}`));
  listener.on('smessage', (channel, message) => got.push(`shard ${channel}=${message}`));
  assert.equal(await listener.subscribe('news', 'two'), 2);
  assert.equal(await listener.psubscribe('n*'), 3);
  assert.equal(await client.publish('news', 'hello'), 2);
  assert.equal(await client.publish('two', ''), 1);
  await until(() => got.length === 3);
  assert.deepEqual(got, ['news=hello', 'n*:news=hello', 'two=']);
  assert.deepEqual(await client.pubsub('NUMSUB', 'news', 'none'), ['news', 1, 'none', 0]);
  assert.equal(await client.pubsub('NUMPAT'), 1);
  // What was subscribed to is subscribed to again after a lost connection.
  const number = /id=(\d+) [^\n]* sub=2 /.exec(await client.client('LIST'))[1];
  assert.equal(await client.client('KILL', 'ID', number), 1);
  await until(async () => (await client.publish('two', 'again')) === 1);
  await until(() => got.includes('two=again'));
  await until(async () => (await client.pubsub('NUMPAT')) === 1);
  assert.equal(await listener.unsubscribe('news', 'two'), 1);
  assert.equal(await listener.punsubscribe('n*'), 0);
  assert.equal(await client.publish('news', 'nobody'), 0);
  assert.equal(await listener.set('k', 'v'), 'OK');
  assert.equal(await listener.ssubscribe('shard'), 1);
  assert.equal(await client.spublish('shard', 'x'), 1);
  await until(() => got.at(-1) === 'shard shard=x');
}

async function blocking(client) {
  const waiting = connect();
  const waits = async (wait, then) => {
    const answer = wait();
    await untilBlocked(client, 1);
    await then();
    return answer;
  };
  assert.equal(await waiting.blpop('none', 0.01), null);
  assert.deepEqual(await waits(() => waiting.blpop('p', 'q', 0), () => client.rpush('q', 'a', 'b')), ['q', 'a']);
  assert.deepEqual(await waiting.brpop('q', 0), ['q', 'b']);
  assert.equal(await waits(() => waiting.blmove('q', 'd', 'LEFT', 'LEFT', 0), () => client.lpush('q', 'x')), 'x');
  assert.equal(await waits(() => waiting.brpoplpush('q', 'd', 0), () => client.lpush('q', 'y')), 'y');
  const popped = await waits(() => waiting.bzpopmin('z', 0), () => client.zadd('z', 1, 'm'));
  assert.deepEqual(popped.map(String), ['z', 'm', '1']);
  const read = await waits(() => waiting.xread('BLOCK', 0, 'STREAMS', 's', '$'), () => client.xadd('s', '1-1', 'f', 'v'));
  assert.equal(JSON.stringify(read), '[["s",[["1-1",["f","v"]]]]]');
  assert.equal(await waiting.xread('BLOCK', 10, 'STREAMS', 's', '$'), null);
  // What is sent behind a waiting command is answered behind it.
  const pipelined = waits(() => waiting.pipeline().blpop('q', 0).get('after').exec(), () => client.rpush('q', 'z'));
  assert.deepEqual(await pipelined, [[null, ['q', 'z']], [null, null]]);
  assert.deepEqual(await client.multi().blpop('none', 0).exec(), [[null, null]]);
}

async function scripts(client) {
  client.defineCommand('add', { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" });
  assert.equal(await client.add('n', 2), 2);
  assert.deepEqual(await client.pipeline().add('n', 3).get('n').exec(), [[null, 5], [null, '5']]);
  await client.script('FLUSH');
  assert.equal(await client.add('n', 1), 6);
}

async function monitor(client) {
  // Of a client that is ready: the library takes what others send for a reply, if it comes along with the reply
  // to MONITOR, and a new client would send its first commands just then.
  const watching = await client.monitor();
  opened.push(watching);
  const seen = [];
  watching.on('monitor', (time, words, source, database) => seen.push([words.join(' '), source, database, time]));
  await client.set('watched', 'a "b"');
  await client.select(3);
  await client.get('watched');
  await until(() => seen.length >= 3);
  const words = seen.map(([words]) => words);
  assert.deepEqual(words.slice(-3), ['set watched a "b"', 'select 3', 'get watched']);
  assert.equal(seen.at(-1)[2], '3');
  assert.match(seen.at(-1)[1], /^127\.0\.0\.1:\d+$/);
  assert.match(seen.at(-1)[3], /^\d{10}\.\d{6}$/);
}

async function main() {
  const client = connect();
  await client.flushall();
  await { commands, transactions, pubsub, blocking, scripts, monitor }[topic](client);
  for (const other of opened) other.disconnect();
  console.log('ok');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
