import type { IncomingChange } from '@tillcast/protocol/replica/event';
import { step } from '@tillcast/protocol/replica/machine';
import { behindOf, initialReplica } from '@tillcast/protocol/replica/state';
import { statusOf } from '@tillcast/protocol/replica/status';
import { describe, expect, test } from 'vitest';
import { price, put, remove } from './edits.ts';
import { ServerModel, TillModel } from './world.ts';

/** A till that holds what the server holds, attached and proven. */
function liveTill(server: ServerModel): TillModel {
  const till = new TillModel();
  till.dispatch({ type: 'started' });
  till.answer(server);
  till.dispatch({ type: 'attached' });
  till.answer(server);
  till.report(server);
  return till;
}

function servedTill(): { server: ServerModel; till: TillModel } {
  const server = new ServerModel();
  server.commit([put('A', 1), put('B', 2)]);
  return { server, till: liveTill(server) };
}

describe('the path of a change', () => {
  test('[R2] a till that starts takes the snapshot, and asks again once it is attached', () => {
    const server = new ServerModel();
    server.commit([put('A', 1)]);
    const till = new TillModel();
    till.dispatch({ type: 'started' });
    expect(till.question?.effect.effect).toBe('pullSnapshot');
    till.dispatch({ type: 'attached' });
    server.commit([put('B', 2)]);
    till.answer(server);
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
  });

  test('[R3] the next version is applied without asking anybody', () => {
    const { server, till } = servedTill();
    const asked = till.questions.length;
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    expect(till.cursor).toEqual(server.head);
    expect(till.questions).toHaveLength(asked);
  });

  test('[R3] a change that comes again, or late, is dropped', () => {
    const { server, till } = servedTill();
    const first = server.commit([price('A', 3)]);
    const second = server.commit([price('A', 4)]);
    for (const change of [first, second, first, second]) till.dispatch({ type: 'message', change });
    expect(till.content.get('A')).toContain('"price":4');
    expect(till.counts.get('stale')).toBe(2);
    expect(till.state.name).toBe('following');
  });

  test('[R4] two changes in the wrong order are both applied, and nobody is asked', () => {
    const { server, till } = servedTill();
    const asked = till.questions.length;
    const first = server.commit([price('A', 3)]);
    const second = server.commit([price('A', 4)]);
    till.dispatch({ type: 'message', change: second });
    expect(till.state.name).toBe('settling');
    till.dispatch({ type: 'message', change: first });
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
    expect(till.settling).toBe(false);
    expect(till.questions).toHaveLength(asked);
  });

  test('[R4] a gap that stays open is closed by one delta', () => {
    const { server, till } = servedTill();
    server.commit([price('A', 3)]);
    till.dispatch({ type: 'message', change: server.commit([put('C', 9)]) });
    expect(behindOf(till.state)).toBe(2);
    till.dispatch({ type: 'settled' });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.counts.get('gap')).toBe(1);
  });

  test('[R4] a change without rows is pulled', () => {
    const { server, till } = servedTill();
    till.dispatch({ type: 'message', change: server.commit([put('C', 9), remove('A')], false) });
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
  });

  test('[R4] a server whose answer leaves the gap open is asked again by the ladder, not at once', () => {
    const { server, till } = servedTill();
    const before = server.head;
    server.commit([price('A', 3)]);
    const beyond = server.commit([price('A', 4)]);
    till.dispatch({ type: 'message', change: beyond });
    till.dispatch({ type: 'settled' });
    till.dispatch({ type: 'delta', to: before, rows: [], askedAtMs: 0 });
    expect(till.state).toMatchObject({ name: 'waiting', why: 'gap', attempt: 1 });
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.question = null;
    till.dispatch({ type: 'retryDue' });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
  });

  test('[R4] the wait for a missing change is not prolonged by those that come after it', () => {
    const { server, till } = servedTill();
    server.commit([price('A', 3)]);
    till.dispatch({ type: 'message', change: server.commit([price('A', 4)]) });
    const { state, effects } = step(till.state, {
      type: 'message',
      change: server.commit([price('A', 5)]),
    });
    expect(state).toMatchObject({ name: 'settling', held: { length: 2 } });
    const names = effects.map(({ effect }) => effect);
    expect(names).not.toContain('startSettling');
    expect(names).not.toContain('stopSettling');
  });

  test('[R4] a gap that messages close while the till waits to ask again needs no more asking', () => {
    const { server, till } = servedTill();
    const before = server.head;
    const missing = server.commit([price('A', 3)]);
    till.dispatch({ type: 'message', change: server.commit([price('A', 4)]) });
    till.dispatch({ type: 'settled' });
    till.dispatch({ type: 'delta', to: before, rows: [], askedAtMs: 0 });
    till.dispatch({ type: 'message', change: missing });
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
    expect(till.retrying).toBe(false);
  });
});

describe('what must not be believed', () => {
  test('[R4] a version that the server never reaches is let go after a few questions; only a report makes the till live again', () => {
    const { server, till } = servedTill();
    const forged = {
      to: { ...server.head, version: 99, digest: 'ffffffffffffffff' },
      edits: [put('EVIL', 0)],
      note: null,
    };
    till.dispatch({ type: 'message', change: forged });
    till.dispatch({ type: 'settled' });
    for (let question = 0; question < 3; question++) {
      till.answer(server);
      till.dispatch({ type: 'retryDue' });
    }
    till.answer(server);
    expect(till.state.name).toBe('following');
    expect(till.reportWanted).toBe(true);
    expect(statusOf(till.state, till.nowMs, 0)).toMatchObject({ status: 'catching_up', behind: 98 });
    till.report(server);
    expect(statusOf(till.state, till.nowMs, 0).status).toBe('live');
  });

  test('[R5] a change that would lead to other content than the server says is not applied; a repair brings it', () => {
    const { server, till } = servedTill();
    const change = server.commit([price('A', 3)]);
    const held = till.content;
    till.dispatch({ type: 'message', change: { ...change, edits: [price('A', 4)] } });
    expect(till.content).toBe(held);
    expect(till.question?.effect.effect).toBe('pullRepair');
    expect(statusOf(till.state, 0, 0).status).not.toBe('live');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.counts.get('repair')).toBe(1);
  });

  test('[R5] the same version with another digest starts a repair', () => {
    const { server, till } = servedTill();
    const change: IncomingChange = {
      to: { ...server.head, digest: 'ffffffffffffffff' },
      edits: [],
      note: null,
    };
    till.dispatch({ type: 'message', change });
    expect(till.question?.effect.effect).toBe('pullRepair');
  });

  test('[R5] a second repair in a row waits first, so that a wrong message cannot make a hot loop', () => {
    const { server, till } = servedTill();
    const wrong = (): IncomingChange => ({
      ...server.commit([price('A', server.history.length + 10)]),
      edits: [],
    });
    till.dispatch({ type: 'message', change: wrong() });
    till.answer(server);
    till.dispatch({ type: 'message', change: wrong() });
    expect(till.state).toMatchObject({ name: 'waiting', why: 'digest' });
    expect(statusOf(till.state, 0, 0).status).toBe('needs_attention');
  });

  test('[R6] a change of another history makes the till ask; 410 leads to the snapshot', () => {
    const { server, till } = servedTill();
    server.commit([price('A', 3)]);
    server.restore(1);
    till.dispatch({ type: 'message', change: server.commit([put('Z', 1)]) });
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.answer(server);
    expect(till.question?.effect.effect).toBe('pullSnapshot');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
  });

  test('[R6] a late change of the old history, after the new one was taken, is asked about once and then forgotten', () => {
    const { server, till } = servedTill();
    const late = server.commit([price('A', 3)]);
    server.restore(1);
    till.report(server);
    till.answer(server);
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    till.dispatch({ type: 'message', change: late });
    till.answer(server);
    expect(till.state.name).toBe('following');
    expect(till.question).toBeNull();
  });

  test('[R7] a server that answers with less than the till said it held has been restored: the till asks', () => {
    const { server, till } = servedTill();
    till.dispatch({
      type: 'answered',
      server: { ...server.head, version: 0 },
      asked: till.cursor,
      askedAtMs: 5,
    });
    expect(till.question?.effect.effect).toBe('pullDelta');
    expect(till.state.proof).toBeNull();
  });

  test('[R7] an answer that is older than a change applied meanwhile is no reason to ask', () => {
    const { server, till } = servedTill();
    const asked = till.cursor;
    const answer = server.head;
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    till.dispatch({ type: 'answered', server: answer, asked, askedAtMs: 7 });
    expect(till.state).toMatchObject({ name: 'following', proof: { askedAtMs: 7 } });
  });

  test('[R7] silence of a deaf queue ends with the next report', () => {
    const { server, till } = servedTill();
    server.commit([price('A', 3)]);
    till.report(server);
    expect(till.state.name).toBe('settling');
    till.dispatch({ type: 'settled' });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
  });
});

describe('outages', () => {
  test('[R8] while the sync API is away, contiguous messages are still applied', () => {
    const { server, till } = servedTill();
    till.dispatch({ type: 'syncRequested' });
    till.dispatch({ type: 'pullFailed' });
    expect(till.state).toMatchObject({ name: 'waiting', why: 'unreachable', attempt: 1 });
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    expect(till.cursor).toEqual(server.head);
    expect(till.state).toMatchObject({ name: 'waiting', why: 'unreachable', attempt: 1 });
  });

  test('[R8] each failure climbs the ladder one rung, and an answer starts it anew', () => {
    const { server, till } = servedTill();
    till.dispatch({ type: 'syncRequested' });
    for (const attempt of [1, 2, 3]) {
      till.dispatch({ type: 'pullFailed' });
      expect(till.state).toMatchObject({ name: 'waiting', attempt });
      till.dispatch({ type: 'retryDue' });
    }
    till.answer(server);
    expect(till.state.name).toBe('following');
    till.dispatch({ type: 'syncRequested' });
    till.dispatch({ type: 'pullFailed' });
    expect(till.state).toMatchObject({ attempt: 1 });
  });

  test('[R9] a commit that fails leaves all as it was, says so, and is tried again', () => {
    const { server } = servedTill();
    const till = liveTill(server);
    const { state } = step(till.state, { type: 'message', change: server.commit([price('A', 3)]) });
    const failed = step(state, { type: 'applyFailed', reason: 'store' }).state;
    expect(failed).toMatchObject({ name: 'waiting', why: 'store', cursor: till.cursor });
    expect(statusOf(failed, 0, 0)).toMatchObject({ status: 'needs_attention', reason: 'store_failing' });
    expect(step(failed, { type: 'retryDue' }).state.name).toBe('pulling');
  });

  test('[R10] a suspended license stops the till, whatever the broker delivers, and its resumption starts it', () => {
    const { server, till } = servedTill();
    const held = till.cursor;
    server.suspended = true;
    till.dispatch({ type: 'message', change: server.commit([]) });
    expect(till.reportWanted).toBe(true);
    till.report(server);
    expect(statusOf(till.state, till.nowMs, 0)).toMatchObject({
      status: 'needs_attention',
      reason: 'refused',
    });
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    expect(till.cursor?.version).toBe((held?.version ?? 0) + 1);
    server.suspended = false;
    till.dispatch({ type: 'message', change: server.commit([]) });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
  });
});

describe('status', () => {
  test('[P6] live needs the broker, the server within 20 s, its version, and no sale waiting', () => {
    const { till } = servedTill();
    const { state } = till;
    expect(statusOf(state, 0, 0).status).toBe('live');
    expect(statusOf(state, 20_000, 0).status).toBe('live');
    expect(statusOf(state, 20_001, 0).status).toBe('offline');
    expect(statusOf(state, -1, 0).status).toBe('offline');
    expect(statusOf(state, 0, 1).status).toBe('catching_up');
    expect(statusOf({ ...state, attached: false }, 0, 0).status).toBe('catching_up');
    expect(statusOf({ ...state, latest: { epoch: 'epoch0000', version: 9 } }, 0, 0)).toMatchObject({
      status: 'catching_up',
      behind: 8,
    });
    expect(statusOf(initialReplica(null), 0, 0).status).toBe('offline');
  });
});
