// Uses the server at 127.0.0.1:PORT through node-redis: node_redis.js PORT PROTOCOL TOPIC
'use strict';

const assert = require('node:assert/strict');
const { createClient, createClientPool, defineScript, RESP_TYPES, WatchError } = require('redis');

const [port, RESP, topic] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const opened = [];

async function connect(options = {}) {
  const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: false }, RESP, ...options });
  client.on('error', () => {});
  opened.push(client);
  return client.connect();
}

async function until(holds) {
  while (!(await holds())) await new Promise(setImmediate);
}

async function untilBlocked(client, count) {
  await until(async () => (await client.info('clients')).includes(`blocked_clients:${count}\r\n`));
}

// Replies of maps have no prototype, which a strict comparison would notice.
const plain = (value) => JSON.parse(JSON.stringify(value));

async function commands(client) {
  assert.equal(await client.ping(), 'PONG');
  assert.equal(await client.set('s', 'välue', { expiration: { type: 'EX', value: 100 } }), 'OK');
  assert.equal(await client.get('s'), 'välue');
  assert.equal(await client.set('s', 'x', { condition: 'NX' }), null);
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await client.set('bytes', Buffer.from([0, 255, 13, 10]));
  assert.deepEqual(await bytes.get('bytes'), Buffer.from([0, 255, 13, 10]));
  assert.deepEqual(await client.mGet(['s', 'none']), ['välue', null]);
  assert.equal(await client.incrByFloat('f', 1.5), '1.5');
  assert.deepEqual(await client.bitField('bits', [{ operation: 'SET', encoding: 'u8', offset: 0, value: 7 }]), [0]);
  assert.equal(await client.expire('s', 50), 1);
  assert.equal(await client.getDel('f'), '1.5');

  assert.equal(await client.hSet('h', { a: '1', b: '2' }), 2);
  assert.deepEqual(plain(await client.hGetAll('h')), { a: '1', b: '2' });
  assert.deepEqual(await client.hmGet('h', ['a', 'none']), ['1', null]);
  const fields = [];
  for await (const entries of client.hScanIterator('h')) fields.push(...entries.map((e) => e.field));
  assert.deepEqual(fields.sort(), ['a', 'b']);

  assert.equal(await client.rPush('l', ['a', 'b', 'c']), 3);
  assert.deepEqual(await client.lRange('l', 0, -1), ['a', 'b', 'c']);
  assert.equal(await client.lMove('l', 'm', 'LEFT', 'RIGHT'), 'a');
  assert.deepEqual(plain(await client.lmPop(['l'], 'RIGHT')), ['l', ['c']]);

  assert.equal(await client.sAdd('set', ['a', 'b']), 2);
  assert.deepEqual([...(await client.sMembers('set'))].sort(), ['a', 'b']);
  assert.deepEqual(await client.smIsMember('set', ['a', 'z']), [1, 0]);

  assert.equal(await client.zAdd('z', [{ score: 1.5, value: 'a' }, { score: Infinity, value: 'b' }]), 2);
  assert.equal(await client.zScore('z', 'b'), Infinity);
  assert.equal(await client.zScore('z', 'none'), null);
  assert.deepEqual(plain(await client.zRangeWithScores('z', 0, 0)), [{ value: 'a', score: 1.5 }]);
  assert.deepEqual(plain(await client.zPopMin('z')), { value: 'a', score: 1.5 });

  const id = await client.xAdd('x', '*', { f: 'v' });
  assert.deepEqual(plain(await client.xRange('x', '-', '+')), [{ id, message: { f: 'v' } }]);
  assert.equal(await client.xGroupCreate('x', 'g', '0'), 'OK');
  const read = plain(await client.xReadGroup('g', 'me', { key: 'x', id: '>' }));
  assert.deepEqual(read, [{ name: 'x', messages: [{ id, message: { f: 'v' } }] }]);
  assert.equal((await client.xPending('x', 'g')).pending, 1);
  assert.equal((await client.xInfoStream('x')).length, 1);
  assert.equal(await client.xAck('x', 'g', id), 1);

  assert.equal(await client.geoAdd('geo', { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' }), 1);
  assert.equal(Number((await client.geoPos('geo', 'Palermo'))[0].longitude).toFixed(3), '13.361');
  assert.equal(await client.pfAdd('hll', ['a', 'b']), 1);
  assert.equal(await client.pfCount('hll'), 2);

  const names = new Set();
  await Promise.all(Array.from({ length: 500 }, (_, i) => client.set(`scan:${i}`, i)));
  for await (const keys of client.scanIterator({ MATCH: 'scan:*', COUNT: 50 })) keys.forEach((k) => names.add(k));
  assert.equal(names.size, 500);
  await assert.rejects(client.incr('l'), /^.*WRONGTYPE Operation against a key holding the wrong kind of value$/m);
  await assert.rejects(client.sendCommand(['NOSUCH', 'x']), /ERR unknown command 'NOSUCH', with args beginning with: 'x'/);
  assert.equal((await client.commandInfo(['get']))[0].name, 'get');
  assert.ok((await client.commandCount()) > 100);
  assert.equal(typeof (await client.configGet('maxmemory')).maxmemory, 'string');

  const named = await connect({ name: 'worker', database: 3 });
  assert.equal((await named.clientInfo()).db, 3);
  assert.equal(await named.clientGetName(), 'worker');
  const pool = createClientPool({ socket: { port }, RESP }, { minimum: 1, maximum: 4 });
  await pool.connect();
  const all = await Promise.all(Array.from({ length: 100 }, () => pool.incr('pooled')));
  assert.equal(new Set(all).size, 100);
  pool.destroy();
}

async function transactions(client) {
  const replies = await client.multi().set('a', '1').incr('a').hSet('h', 'f', 'v').hGetAll('h').exec();
  assert.deepEqual(plain(replies), ['OK', 2, 1, { f: 'v' }]);
  assert.deepEqual(await client.multi().set('p', '1').get('p').execAsPipeline(), ['OK', '1']);
  await client.set('s', 'text');
  await assert.rejects(client.multi().incr('s').get('s').exec(), (error) => {
    assert.equal(error.replies[1], 'text');
    return /value is not an integer/.test(error.replies[0].message);
  });
  await assert.rejects(client.multi().set('never', 1).addCommand(['GET']).exec(), /EXECABORT|wrong number/);
  assert.equal(await client.exists('never'), 0);

  const other = await connect();
  await client.watch('a');
  await other.set('a', 'changed');
  await assert.rejects(client.multi().set('a', 'lost').exec(), WatchError);
  await client.watch('a');
  await client.unwatch();
  await other.set('a', '0');
  assert.deepEqual(await client.multi().get('a').exec(), ['0']);

  const workers = await Promise.all(Array.from({ length: 6 }, () => connect()));
  await Promise.all(workers.map(async (worker) => {
    for (let done = 0; done < 40; ) {
      await worker.watch('a');
      const value = Number(await worker.get('a'));
      try {
        await worker.multi().set('a', String(value + 1)).incr('b').exec();
        done += 1;
      } catch (error) {
        assert.ok(error instanceof WatchError, error);
      }
    }
  }));
  assert.deepEqual(await client.mGet(['a', 'b']), ['240', '240']);
}

async function pubsub(client) {
  const listener = await connect();
  const got = [];
  const note = (message, channel) => got.push(`${channel}=${message}`);
  await listener.subscribe('news', note);
  await listener.subscribe(['one', 'two'], note);
  await listener.pSubscribe('n*', (message, channel) => got.push(`n*:${channel}=${message}`));
  assert.equal(await client.publish('news', 'hello'), 2);
  assert.equal(await client.publish('two', ''), 1);
  await until(() => got.length === 3);
  assert.deepEqual(got, ['news=hello', 'n*:news=hello', 'two=']);
  // In RESP3 a subscriber may send commands.
  if (RESP === 3) assert.equal(await listener.set('k', 'v'), 'OK');
  assert.match(await listener.ping(), /^pong$/i);
  await listener.subscribe('binary', (message) => got.push(message), true);
  await client.publish('binary', Buffer.from([0, 255]));
  await until(() => got.length === 4);
  assert.deepEqual(got[3], Buffer.from([0, 255]));
  assert.deepEqual((await client.pubSubChannels()).sort(), ['binary', 'news', 'one', 'two']);
  assert.equal((await client.pubSubNumSub(['news'])).news, 1);
  assert.equal(await client.pubSubNumPat(), 1);
  await listener.unsubscribe();
  await listener.pUnsubscribe('n*');
  assert.equal(await client.publish('news', 'nobody'), 0);
  // The library takes the reply for bytes, as the last messages were.
  assert.equal(String(await listener.set('k', 'v')), 'OK');
  await listener.sSubscribe('shard', note);
  assert.equal(await client.sPublish('shard', 'x'), 1);
  await until(() => got.length === 5);
}

async function blocking(client) {
  const waiting = await connect();
  const waits = async (wait, then) => {
    const answer = wait();
    await untilBlocked(client, 1);
    await then();
    return plain(await answer);
  };
  assert.equal(await waiting.blPop('none', 0.01), null);
  assert.deepEqual(await waits(() => waiting.blPop(['p', 'q'], 0), () => client.rPush('q', ['a', 'b'])), { key: 'q', element: 'a' });
  assert.deepEqual(plain(await waiting.brPop('q', 0)), { key: 'q', element: 'b' });
  assert.equal(await waits(() => waiting.blMove('q', 'd', 'LEFT', 'LEFT', 0), () => client.lPush('q', 'x')), 'x');
  const popped = await waits(() => waiting.bzPopMin('z', 0), () => client.zAdd('z', { score: 1, value: 'm' }));
  assert.deepEqual(popped, { key: 'z', value: 'm', score: 1 });
  const read = await waits(() => waiting.xRead({ key: 's', id: '$' }, { BLOCK: 0 }), () => client.xAdd('s', '1-1', { f: 'v' }));
  assert.deepEqual(read, [{ name: 's', messages: [{ id: '1-1', message: { f: 'v' } }] }]);
  assert.equal(await waiting.xRead({ key: 's', id: '$' }, { BLOCK: 10 }), null);

  const workers = await Promise.all(Array.from({ length: 5 }, () => connect()));
  const drain = async (worker) => {
    const taken = [];
    for (let item; (item = (await worker.blPop('work', 0)).element) !== 'stop'; ) taken.push(Number(item));
    return taken;
  };
  const drains = workers.map(drain);
  for (let i = 0; i < 300; i++) await client.rPush('work', String(i));
  await client.rPush('work', Array(5).fill('stop'));
  const taken = (await Promise.all(drains)).flat().sort((a, b) => a - b);
  assert.deepEqual(taken, Array.from({ length: 300 }, (_, i) => i));
  // Whoever is gone takes nothing.
  const gone = await connect();
  gone.blPop('late', 0).catch(() => {});
  await untilBlocked(client, 1);
  gone.destroy();
  await untilBlocked(client, 0);
  assert.equal(await client.rPush('late', 'kept'), 1);
}

async function scripts(client) {
  const add = defineScript({
    SCRIPT: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
    NUMBER_OF_KEYS: 1,
    parseCommand(parser, key, by) {
      parser.pushKey(key);
      parser.push(String(by));
    },
    transformReply: undefined,
  });
  const scripted = await connect({ scripts: { add } });
  assert.equal(await scripted.add('n', 2), 2);
  assert.deepEqual(await scripted.multi().add('n', 3).get('n').exec(), [5, '5']);
  assert.equal(await client.eval('return #KEYS + #ARGV', { keys: ['a'], arguments: ['b'] }), 2);
}

async function tracking(client) {
  const cached = await connect({ RESP: 3, clientSideCache: { ttl: 0, maxEntries: 100 } });
  await client.set('k', 'old');
  assert.equal(await cached.get('k'), 'old');
  await client.set('k', 'new');
  await until(async () => (await cached.get('k')) === 'new');
  const reads = async () => Number(/cmdstat_get:calls=(\d+)/.exec(await client.info('commandstats'))[1]);
  const before = await reads();
  for (let i = 0; i < 10; i++) assert.equal(await cached.get('k'), 'new');
  assert.equal(await reads(), before);
  await client.flushAll();
  await until(async () => (await cached.get('k')) === null);
}

async function main() {
  const client = await connect();
  await client.flushAll();
  await { commands, transactions, pubsub, blocking, scripts, tracking }[topic](client);
  for (const other of opened) if (other.isOpen) await other.close();
  console.log('ok');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
