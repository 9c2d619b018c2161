import { step } from '@tillcast/protocol/replica/machine';
import { initialReplica } from '@tillcast/protocol/replica/state';
import { statusOf } from '@tillcast/protocol/replica/status';
import { expect, test } from 'vitest';
import { price, put } from './edits.ts';
import { ServerModel, TillModel } from './world.ts';

function served(): { server: ServerModel; till: TillModel } {
  const server = new ServerModel();
  server.commit([put('A', 1), put('B', 2)]);
  const till = new TillModel();
  till.dispatch({ type: 'started' });
  till.answer(server);
  till.dispatch({ type: 'attached' });
  till.answer(server);
  till.report(server);
  expect(statusOf(till.state, 0, 0).status).toBe('live');
  return { server, till };
}

test('[R12] what rots in the store is found without any message, and mended row by row', () => {
  const { server, till } = served();
  till.rot('B');
  till.scrub();
  expect(statusOf(till.state, 0, 0).status).not.toBe('live');
  expect(till.question?.effect.effect).toBe('pullRepair');
  till.answer(server);
  expect(till.content).toEqual(server.content);
  expect(till.counts.get('mended')).toBe(1);
  expect(till.counts.get('snapshot')).toBe(1);
  till.report(server);
  expect(statusOf(till.state, 0, 0).status).toBe('live');
});

test('[R12] a till that starts with rows that are not those of its version begins with the repair', () => {
  const { server, till } = served();
  till.rot('A');
  till.restart();
  expect(till.question?.effect.effect).toBe('pullRepair');
  till.answer(server);
  expect(till.content).toEqual(server.content);
});

test('[R12] while the repair waits for the server the till needs attention, and goes on taking changes', () => {
  const { server, till } = served();
  till.rot('C');
  till.scrub();
  till.question = null;
  till.dispatch({ type: 'pullFailed' });
  expect(statusOf(till.state, 0, 0)).toMatchObject({ status: 'needs_attention', reason: 'content_differs' });
  const { state, effects } = step(till.state, { type: 'message', change: server.commit([price('A', 5)]) });
  expect(state).toMatchObject({ name: 'applying', from: 'message', suspect: true });
  expect(effects.map(({ effect }) => effect)).toContain('applyEdits');
});

test('[R12] the doubt outlasts a refusal: a till that is served again repairs first', () => {
  const { server, till } = served();
  till.rot('A');
  server.suspended = true;
  till.scrub();
  till.answer(server);
  expect(till.state).toMatchObject({ name: 'refused', suspect: true });
  server.suspended = false;
  till.report(server);
  expect(till.question?.effect.effect).toBe('pullRepair');
  till.answer(server);
  expect(till.content).toEqual(server.content);
});

test('[R12] where rows cannot be told apart, or those that came do not mend it, the snapshot is taken', () => {
  const { server, till } = served();
  till.rot('A');
  till.scrub();
  till.dispatch({ type: 'repairGivenUp' });
  expect(till.question?.effect.effect).toBe('pullSnapshot');
  till.answer(server);
  expect(till.content).toEqual(server.content);

  const again = served();
  again.till.rot('A');
  again.till.scrub();
  again.till.dispatch({ type: 'repair', to: again.server.head, rows: [], askedAtMs: 0 });
  expect(again.till.question?.effect.effect).toBe('pullSnapshot');
  again.till.answer(again.server);
  expect(again.till.content).toEqual(again.server.content);
});

test('[R12] a server that never answers what a repair asks is asked for the snapshot', () => {
  const { server, till } = served();
  till.rot('A');
  till.scrub();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(till.question?.effect.effect).toBe('pullRepair');
    till.question = null;
    till.dispatch({ type: 'pullFailed' });
    till.dispatch({ type: 'retryDue' });
  }
  expect(till.question?.effect.effect).toBe('pullSnapshot');
  till.answer(server);
  expect(till.content).toEqual(server.content);
});

test('[R12] a store that keeps nothing is not repaired, but filled', () => {
  const { effects } = step(initialReplica(null, true), { type: 'started' });
  expect(effects).toEqual([{ effect: 'pullSnapshot' }]);
});

test('[R8] what was held while a question had no answer is taken when it failed', () => {
  const { server, till } = served();
  till.dispatch({ type: 'syncRequested' });
  till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
  expect(till.cursor).not.toEqual(server.head);
  till.dispatch({ type: 'pullFailed' });
  expect(till.cursor).toEqual(server.head);
  expect(till.state).toMatchObject({ name: 'waiting', why: 'unreachable', attempt: 1 });
});

test('[R8] changes without rows that come while the server is away wait for the ladder', () => {
  const { server, till } = served();
  till.dispatch({ type: 'syncRequested' });
  till.dispatch({ type: 'message', change: server.commit([put('C', 3)], false) });
  till.dispatch({ type: 'pullFailed' });
  expect(till.state).toMatchObject({ name: 'waiting', attempt: 1 });
  const asked = till.questions.length;
  for (let index = 0; index < 10; index += 1)
    till.dispatch({ type: 'message', change: server.commit([put('C', index + 4)], false) });
  expect(till.questions).toHaveLength(asked);
  till.dispatch({ type: 'retryDue' });
  till.answer(server);
  expect(till.cursor).toEqual(server.head);
});
