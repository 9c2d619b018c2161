import { createFetch, silentLogger } from '@tillcast/broker';
import type { TillcastError } from '@tillcast/protocol/errors';
import { expect, test, vi } from 'vitest';
import { newTillKey, type TillKey } from '../src/identity/till-key.ts';
import { TokenClient } from '../src/identity/token-client.ts';
import { HandClock } from './hand-clock.ts';
import { ISSUER, ScriptedTokenEndpoint } from './scripted-token-endpoint.ts';

const TERMINAL_ID = '5b0e6a52-7d0c-4f5e-9d0e-3d8a4c1b2a02';
const DAY_MS = 86_400_000;

/** A client and its endpoint; its clock moves by hand. */
class Desk implements AsyncDisposable {
  readonly clock: HandClock;
  readonly endpoint: ScriptedTokenEndpoint;
  readonly client: TokenClient;
  readonly refusals: TillcastError[] = [];
  readonly logged: string[] = [];

  private constructor(key: TillKey, endpoint: ScriptedTokenEndpoint, random: () => number, offMs: number) {
    this.endpoint = endpoint;
    this.clock = new HandClock(Date.now() + offMs);
    const log = (...facts: readonly unknown[]): void => void this.logged.push(JSON.stringify(facts));
    this.client = new TokenClient({
      backendUrl: endpoint.url,
      fetch: createFetch(null),
      terminalId: TERMINAL_ID,
      issuer: ISSUER,
      key,
      clock: this.clock,
      monotonicMs: () => this.clock.nowMs(),
      random,
      logger: { ...silentLogger, debug: log, info: log, warn: log, error: log },
      onToken: () => undefined,
      onRefused: (refusal) => this.refusals.push(refusal),
    });
  }

  static async open(random = 0.5, offMs = 0): Promise<Desk> {
    const key = await newTillKey();
    return new Desk(key, await ScriptedTokenEndpoint.start(key.privateKey), () => random, offMs);
  }

  /** Waits until so many tokens were given. */
  async given(count: number): Promise<void> {
    await vi.waitFor(() => expect(this.endpoint.given).toHaveLength(count), { timeout: 10_000 });
    await this.client.current();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.stop();
    await this.endpoint[Symbol.asyncDispose]();
  }
}

test.each([
  ['right', 0, 1],
  ['a day ahead', DAY_MS, 2],
  ['a day behind', -DAY_MS, 2],
])('[G23] a till whose clock is %s gets a token', async (_, offMs, questions) => {
  await using desk = await Desk.open(0.5, offMs);
  expect((await desk.client.current()).text).toBe('token-1');
  expect(desk.endpoint.asked).toBe(questions);
  // What was learnt is kept.
  await desk.client.fresh();
  expect(desk.endpoint.asked).toBe(questions + 1);
});

test('[G23] a clock that is set right while the till runs is noticed, too', async () => {
  await using desk = await Desk.open(0.5, DAY_MS);
  await desk.client.current();
  desk.endpoint.clockMs = DAY_MS;
  expect((await desk.client.fresh()).text).toBe('token-2');
});

test('[G23] a key that the server does not know is refused after one question, and not asked for in a loop', async () => {
  await using desk = await Desk.open();
  desk.endpoint.refuseWith = 'assertion_invalid';
  await expect(desk.client.current()).rejects.toMatchObject({ code: 'assertion_invalid' });
  expect(desk.endpoint.asked).toBe(1);
});

test.each([
  [0, 0.65],
  [0.999_999, 0.75],
])(
  '[G24] the token is renewed while it is good, at a share of its life that random spreads (%d)',
  async (random, share) => {
    await using desk = await Desk.open(random);
    desk.client.start();
    desk.clock.advance(0);
    await desk.given(1);
    expect(desk.clock.nextInMs).toBeCloseTo(600_000 * share, -1);
    desk.clock.advance(600_000 * share - 10);
    expect((await desk.client.current()).text).toBe('token-1');
    desk.clock.advance(20);
    await desk.given(2);
    expect((await desk.client.current()).text).toBe('token-2');
  },
);

test('[G26] many who ask at once are one question, and a token that is good is none', async () => {
  await using desk = await Desk.open();
  const { promise, resolve } = Promise.withResolvers<void>();
  desk.endpoint.gate = promise;
  const asked = Array.from({ length: 20 }, () => desk.client.current());
  resolve();
  expect(new Set((await Promise.all(asked)).map(({ text }) => text))).toEqual(new Set(['token-1']));
  await desk.client.current();
  expect(desk.endpoint.asked).toBe(1);
});

test('[G26] a token that was refused, or has ended, is not given out again', async () => {
  await using desk = await Desk.open();
  const { text } = await desk.client.current();
  desk.client.discard(text);
  expect((await desk.client.current()).text).toBe('token-2');
  desk.client.discard(text);
  expect((await desk.client.current()).text, 'the refused one is not the one of now').toBe('token-2');
  desk.clock.advance(600_000);
  expect(desk.client.token).toBeNull();
  expect((await desk.client.current()).text).toBe('token-3');
});

test('[G27] a backend that is away is asked again after a wait that grows, and not by everyone who wants a token', async () => {
  await using desk = await Desk.open(0.5);
  desk.endpoint.refuseWith = 'database_unavailable';
  desk.client.start();
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    desk.clock.advance(desk.clock.nextInMs ?? 0);
    await vi.waitFor(() => expect(desk.endpoint.asked).toBe(attempt));
    await vi.waitFor(() => expect(desk.clock.nextInMs).not.toBeNull());
    await expect(desk.client.current()).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(desk.endpoint.asked, 'whoever asks too soon gets the last answer').toBe(attempt);
    waits.push(desk.clock.nextInMs ?? 0);
  }
  expect(waits).toEqual([375, 625, 1_125, 2_125, 4_125, 8_125, 15_125, 15_125]);
  expect(desk.refusals).toEqual([]);
  desk.endpoint.refuseWith = null;
  desk.clock.advance(15_125);
  await desk.given(1);
});

test('[G27] the wait that the server asks for is kept', async () => {
  await using desk = await Desk.open(0);
  desk.endpoint.refuseWith = 'rate_limited';
  desk.endpoint.retryAfterS = 40;
  await expect(desk.client.current()).rejects.toMatchObject({ code: 'rate_limited' });
  expect(desk.clock.nextInMs).toBe(40_000);
  desk.clock.advance(39_000);
  await expect(desk.client.current()).rejects.toMatchObject({ code: 'rate_limited' });
  expect(desk.endpoint.asked).toBe(1);
});

test.each(['terminal_revoked', 'license_suspended', 'license_revoked', 'license_expired'] as const)(
  '[G25] %s is told once, is asked about slowly, and ends when the server thinks better of it',
  async (code) => {
    await using desk = await Desk.open(0.5);
    const { text } = await desk.client.current();
    desk.endpoint.refuseWith = code;
    await expect(desk.client.fresh()).rejects.toMatchObject({ code });
    expect(desk.client.token, 'the token of before is not used any more').toBeNull();
    expect(desk.clock.nextInMs).toBe(45_000);
    await expect(desk.client.current()).rejects.toMatchObject({ code });
    expect(desk.endpoint.asked).toBe(2);
    desk.clock.advance(8_000);
    await expect(desk.client.current()).rejects.toMatchObject({ code });
    expect(desk.endpoint.asked).toBe(3);
    expect(desk.refusals.map((refusal) => refusal.code)).toEqual([code]);
    desk.endpoint.refuseWith = null;
    desk.clock.advance(8_000);
    expect((await desk.client.current()).text).not.toBe(text);
  },
);

test('[G22] tokens and assertions are not logged', async () => {
  await using desk = await Desk.open();
  const { text } = await desk.client.current();
  desk.endpoint.refuseWith = 'terminal_revoked';
  await expect(desk.client.fresh()).rejects.toMatchObject({ code: 'terminal_revoked' });
  desk.endpoint.refuseWith = null;
  desk.clock.advance(10_000);
  await desk.client.current();
  expect(desk.logged.length).toBeGreaterThan(0);
  for (const line of desk.logged) expect(line).not.toMatch(new RegExp(`${text}|eyJ`));
});

test('whoever waits for a token when the till stops is told so', async () => {
  await using desk = await Desk.open();
  desk.endpoint.gate = new Promise(() => undefined);
  const [asked] = await Promise.all([Promise.allSettled([desk.client.current()]), desk.client.stop()]);
  expect(asked[0]).toMatchObject({ status: 'rejected', reason: { code: 'backend_unavailable' } });
});
