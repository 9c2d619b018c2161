import { expect, test } from 'vitest';
import type { OutgoingMessage } from '../src/outgoing-message.ts';
import { PublishWindow, type WindowChannel } from '../src/publish-window.ts';
import { message } from './test-node.ts';

/** A channel whose broker confirms when it is told to: a real one cannot be made to nack, or to keep silent, on demand. */
function scriptedChannel() {
  const sent: { key: string; confirm: (error: Error | null) => void }[] = [];
  let drain: () => void = () => undefined;
  const state = { accepts: true };
  const channel: WindowChannel = {
    publish: (_exchange, key, _content, _options, callback) => {
      sent.push({ key, confirm: (error) => callback?.(error, {}) });
      return state.accepts;
    },
    on(event: string, listener: (...args: never[]) => void) {
      if (event === 'drain') drain = listener as () => void;
      return this as never;
    },
  };
  return { channel, sent, state, drain: () => drain() };
}

/** A clock that stands until it is moved. */
function standingClock() {
  let nowMs = 0;
  let wake: () => void = () => undefined;
  return {
    now: () => nowMs,
    sleep: (_durationMs: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    move: async (byMs: number) => {
      nowMs += byMs;
      wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function windowOf(maxUnconfirmed: number) {
  const scripted = scriptedChannel();
  const clock = standingClock();
  const timeouts: Error[] = [];
  const window = new PublishWindow({
    channel: scripted.channel,
    maxUnconfirmed,
    confirmTimeoutMs: 1_000,
    clock,
    onTimeout: (cause) => timeouts.push(cause),
  });
  return { ...scripted, window, clock, timeouts };
}

function publish(window: PublishWindow, sent: OutgoingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    window.send(sent, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** What a promise is rejected with; handled from the start, however late it is looked at. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

const keys = (sent: readonly { key: string }[]): string[] => sent.map((each) => each.key);

test('no more messages than the window holds are on the wire; the others follow in order as confirms come', async () => {
  const { window, sent } = windowOf(2);
  const published = ['a', 'b', 'c', 'd'].map((key) => publish(window, message(key, key)));
  expect(keys(sent)).toEqual(['a', 'b']);
  sent[1]?.confirm(null);
  expect(keys(sent)).toEqual(['a', 'b', 'c']);
  sent[0]?.confirm(null);
  sent[2]?.confirm(null);
  expect(keys(sent)).toEqual(['a', 'b', 'c', 'd']);
  sent[3]?.confirm(null);
  await Promise.all(published);
});

test('nothing is written to a full socket until it has drained', async () => {
  const { window, sent, state, drain } = windowOf(10);
  state.accepts = false;
  const published = ['a', 'b', 'c'].map((key) => publish(window, message(key, key)));
  expect(keys(sent)).toEqual(['a']);
  sent[0]?.confirm(null);
  expect(keys(sent)).toEqual(['a']);
  state.accepts = true;
  drain();
  expect(keys(sent)).toEqual(['a', 'b', 'c']);
  for (const each of sent.slice(1)) each.confirm(null);
  await Promise.all(published);
});

test('[Q5] a nack rejects its message and no other', async () => {
  const { window, sent } = windowOf(10);
  const refused = failureOf(publish(window, message('a', 'a')));
  const taken = publish(window, message('b', 'b'));
  sent[0]?.confirm(new Error('message nacked'));
  sent[1]?.confirm(null);
  expect(await refused).toMatchObject({ code: 'publish_refused' });
  await taken;
});

test('[Q5] a channel that is lost rejects what is unconfirmed, what waits, and what comes later', async () => {
  const { window } = windowOf(1);
  const failures = [
    failureOf(publish(window, message('a', 'a'))),
    failureOf(publish(window, message('b', 'b'))),
  ];
  window.fail(new Error('gone'));
  failures.push(failureOf(publish(window, message('c', 'c'))));
  for (const failure of failures) expect(await failure).toMatchObject({ code: 'broker_unavailable' });
  await window.drained();
});

test('a message without a confirm in time fails, and the channel with it', async () => {
  const { window, clock, timeouts, sent } = windowOf(10);
  const silent = failureOf(publish(window, message('a', 'a')));
  await clock.move(999);
  expect(timeouts).toEqual([]);
  await clock.move(1);
  expect(await silent).toMatchObject({ code: 'publish_refused' });
  expect(timeouts).toHaveLength(1);
  sent[0]?.confirm(null);
});

test('a message that cannot be encoded is refused alone', async () => {
  const { window, sent } = windowOf(1);
  await expect(publish(window, message('k'.repeat(256), 'a'))).rejects.toMatchObject({
    code: 'message_invalid',
  });
  await expect(
    publish(window, { ...message('a', 'a'), headers: { CC: 'license.OTHER.price_update' } }),
  ).rejects.toMatchObject({ code: 'message_invalid' });
  const good = publish(window, message('b', 'b'));
  sent[0]?.confirm(null);
  await good;
});
