import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { hoardsIn, leftoversIn } from '../../src/revocation/hoards.ts';

const ID = randomUUID();

function names(count: number, of: string = ID): readonly string[] {
  return Array.from({ length: count }, (_, index) => `terminal.${of}.${index}`);
}

function queues(
  count: number,
  exclusive = true,
): readonly { readonly name: string; readonly exclusive: boolean }[] {
  return names(count).map((name) => ({ name, exclusive }));
}

test('[B25] a terminal with a queue for each of its three connections hoards nothing', () => {
  const contents = { queues: queues(3), exchanges: [], connectionUsers: [ID, ID, ID] };
  expect(hoardsIn(contents)).toEqual([]);
  expect(leftoversIn(contents)).toEqual([]);
});

test('[B25] many queues, exchanges or connections of one terminal are a hoard, the greatest first', () => {
  const [many, more, loud] = [randomUUID(), randomUUID(), randomUUID()];
  const contents = {
    queues: names(5, many).map((name) => ({ name, exclusive: true })),
    exchanges: names(20, more),
    connectionUsers: [...Array.from({ length: 9 }, () => loud), 'tillcast-publisher'],
  };
  expect(hoardsIn(contents)).toEqual([
    { terminalId: more, connections: 0, queues: 0, exchanges: 20 },
    { terminalId: loud, connections: 9, queues: 0, exchanges: 0 },
    { terminalId: many, connections: 0, queues: 5, exchanges: 0 },
  ]);
});

test('[B25] many connections of another user, and queues of other names, are nobody’s hoard', () => {
  const connectionUsers = Array.from({ length: 100 }, () => 'tillcast-publisher');
  const others = ['orders', `terminal.${ID}`, 'terminal.x.1', `xterminal.${ID}.1`];
  const contents = {
    queues: others.map((name) => ({ name, exclusive: false })),
    exchanges: ['amq.topic', 'terminal.left'],
    connectionUsers,
  };
  expect(hoardsIn(contents)).toEqual([]);
  expect(leftoversIn(contents)).toEqual([]);
});

test('[B25] what does not go with its connection is left over: queues that are not exclusive, and exchanges', () => {
  const contents = { queues: queues(1, false), exchanges: names(1), connectionUsers: [] };
  expect(leftoversIn(contents)).toEqual([
    { kind: 'queue', name: `terminal.${ID}.0`, terminalId: ID },
    { kind: 'exchange', name: `terminal.${ID}.0`, terminalId: ID },
  ]);
});
