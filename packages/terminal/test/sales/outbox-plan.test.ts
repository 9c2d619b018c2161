import { SALES_BATCH_MAX } from '@tillcast/protocol/http/sales-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterBatch, NEW_OUTBOX, type OutboxState, type Sent } from '../../src/sales/outbox-plan.ts';

type Mood = 'well' | 'away' | 'busy' | 'lying';

/** Sends until nothing waits or so many requests were made; a server that chokes on some sales, in one way or another. */
function drain(
  sales: number,
  chokesOn: ReadonlySet<string>,
  how: 'notUnderstood' | 'failure' | 'rejects',
  moods: readonly Mood[],
  requestsMax: number,
): { accepted: string[]; rejected: string[]; requests: number } {
  const tries = new Map(Array.from({ length: sales }, (_, index) => [`S${index}`, 0]));
  const [accepted, rejected]: string[][] = [[], []];
  let state: OutboxState = NEW_OUTBOX;
  let requests = 0;
  while (tries.size > 0 && requests < requestsMax) {
    const batch = [...tries]
      .toSorted(([, a], [, b]) => a - b)
      .map(([id]) => id)
      .slice(0, state.batchMax);
    const sent = answerTo(batch, moods[requests] ?? 'well');
    requests += 1;
    const next = afterBatch(state, batch, sent, 0.5);
    state = next.state;
    for (const { id, outcome } of next.verdicts) {
      tries.delete(id);
      (outcome === 'accepted' ? accepted : rejected)?.push(id);
    }
    for (const id of next.postponed) tries.set(id, (tries.get(id) ?? 0) + 1);
  }
  return { accepted: accepted ?? [], rejected: rejected ?? [], requests };

  function answerTo(batch: readonly string[], mood: Mood): Sent {
    if (mood === 'away') return { came: 'nothing', retryAfterMs: null };
    if (mood === 'busy') return { came: 'nothing', retryAfterMs: 3_000 };
    if (mood === 'lying')
      return { came: 'answer', epoch: 'k3v9k3v9', results: [{ id: 'other', outcome: 'accepted' }] };
    const bad = batch.some((id) => chokesOn.has(id));
    if (bad && how === 'notUnderstood')
      return { came: 'notUnderstood', code: 'request_invalid', detail: 'no' };
    if (bad && how === 'failure') return { came: 'failure', retryAfterMs: null };
    return {
      came: 'answer',
      epoch: 'k3v9k3v9',
      results: batch.map((id) =>
        chokesOn.has(id)
          ? { id, outcome: 'rejected', code: 'sale_invalid', detail: 'no' }
          : { id, outcome: 'accepted' },
      ),
    };
  }
}

const moods = fc.array(fc.constantFrom<Mood>('well', 'away', 'busy', 'lying'), { maxLength: 20 });
const bad = fc.uniqueArray(fc.integer({ min: 0, max: 299 }), { maxLength: 5 });

test.each(['notUnderstood', 'rejects'] as const)(
  '[U24] where the server says of sales that they are no good (%s), these are parked and all others taken, each once',
  (how) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), bad, moods, (count, indices, mood) => {
        const chokesOn = new Set(indices.filter((index) => index < count).map((index) => `S${index}`));
        const { accepted, rejected } = drain(count, chokesOn, how, mood, 1_000);
        expect(rejected.toSorted()).toEqual([...chokesOn].toSorted());
        expect(accepted).toHaveLength(count - chokesOn.size);
        expect(new Set(accepted).size).toBe(accepted.length);
      }),
    );
  },
);

test('[U24] a sale that the server fails over every time is never rejected and keeps no other from being taken', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), bad, moods, (count, indices, mood) => {
      const chokesOn = new Set(indices.filter((index) => index < count).map((index) => `S${index}`));
      const { accepted, rejected } = drain(count, chokesOn, 'failure', mood, 400);
      expect(rejected).toEqual([]);
      expect(accepted).toHaveLength(count - chokesOn.size);
    }),
  );
});

test('[U25] what comes of no answer is a wait that grows, with jitter, and what the server asks for is kept', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(500_000),
      (failures, random, asked) => {
        const state = { failures, batchMax: SALES_BATCH_MAX };
        const quiet = afterBatch(state, ['A'], { came: 'nothing', retryAfterMs: null }, random);
        expect(quiet).toMatchObject({ verdicts: [], postponed: [], state: { failures: failures + 1 } });
        expect(quiet.waitMs).toBeGreaterThanOrEqual(500);
        expect(quiet.waitMs).toBeLessThanOrEqual(30_000);
        const told = afterBatch(state, ['A'], { came: 'nothing', retryAfterMs: asked }, random);
        expect(told.waitMs).toBeGreaterThanOrEqual(Math.min(asked, 120_000));
      },
    ),
  );
});
