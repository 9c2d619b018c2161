import type { IncomingChange } from '@tillcast/protocol/replica/event';
import { statusOf } from '@tillcast/protocol/replica/status';
import fc from 'fast-check';
import { expect } from 'vitest';
import { price, put, remove } from './edits.ts';
import { ServerModel, TillModel } from './world.ts';

/** What may happen between two moments. */
export type Action =
  | {
      readonly do: 'commit';
      readonly ids: readonly number[];
      readonly value: number;
      readonly withRows: boolean;
    }
  | { readonly do: 'deliver'; readonly at: number; readonly keep: boolean }
  | { readonly do: 'lose'; readonly at: number }
  | {
      readonly do:
        | 'answer'
        | 'fail'
        | 'settle'
        | 'retry'
        | 'report'
        | 'detach'
        | 'attach'
        | 'crash'
        | 'suspend'
        | 'resume'
        | 'scrub';
    }
  | { readonly do: 'rot'; readonly id: number }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'restore'; readonly back: number }
  | { readonly do: 'forge'; readonly digest: boolean };

export const actionArbitrary: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      ids: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
      value: fc.nat(100),
      withRows: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), at: fc.nat(9), keep: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), at: fc.nat(9) }) },
  { weight: 8, arbitrary: fc.constant({ do: 'answer' as const }) },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom(
        'fail',
        'settle',
        'retry',
        'report',
        'detach',
        'attach',
        'crash',
        'suspend',
        'resume',
        'scrub',
      )
      .map((what) => ({ do: what }) as const),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.nat(30_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore' as const), back: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rot' as const), id: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forge' as const), digest: fc.boolean() }) },
);

/** One till and one server under everything that a network, a crash and an operator may do. */
export class Run {
  readonly server: ServerModel = new ServerModel();
  readonly till: TillModel = new TillModel();
  attached = false;
  flight: IncomingChange[] = [];
  /** What the server held at each (epoch, version) that ever was. */
  readonly truth: Map<string, string> = new Map();
  /** When the server moved beyond each position: until then, the position was current. */
  readonly leftAtMs: Map<string, number> = new Map();
  forged = false;
  rotted = false;

  constructor() {
    this.record();
    this.till.dispatch({ type: 'started' });
  }

  private record(): void {
    const { epoch, version, digest } = this.server.head;
    this.truth.set(`${epoch}/${version}`, digest);
  }

  private moved(from: { readonly epoch: string; readonly version: number }): void {
    this.leftAtMs.set(`${from.epoch}/${from.version}`, this.till.nowMs);
    this.record();
  }

  act(action: Action): void {
    const { server, till } = this;
    switch (action.do) {
      case 'commit': {
        const before = server.head;
        const edits = action.ids.map((id) =>
          action.value % 5 === 0
            ? remove(`P${id}`)
            : server.content.has(`P${id}`) && action.value % 2 === 0
              ? price(`P${id}`, action.value)
              : put(`P${id}`, action.value),
        );
        const change = server.commit(edits, action.withRows);
        this.moved(before);
        if (this.attached) this.flight.push(change);
        break;
      }
      case 'deliver': {
        const change = this.flight[action.at % Math.max(1, this.flight.length)];
        if (change === undefined || !this.attached) break;
        if (!action.keep) this.flight = this.flight.filter((other) => other !== change);
        till.dispatch({ type: 'message', change });
        break;
      }
      case 'lose':
        this.flight.splice(action.at % Math.max(1, this.flight.length), 1);
        break;
      case 'answer':
        till.answer(server);
        break;
      case 'fail':
        if (till.question !== null) {
          till.question = null;
          till.dispatch({ type: 'pullFailed' });
        }
        break;
      case 'settle':
        if (till.settling) {
          till.settling = false;
          till.dispatch({ type: 'settled' });
        }
        break;
      case 'retry':
        if (till.retrying) {
          till.retrying = false;
          till.dispatch({ type: 'retryDue' });
        }
        break;
      case 'report':
        till.report(server);
        break;
      case 'detach':
        this.attached = false;
        this.flight = [];
        till.dispatch({ type: 'detached' });
        break;
      case 'attach':
        if (!this.attached) {
          this.attached = true;
          till.dispatch({ type: 'attached' });
        }
        break;
      case 'crash':
        this.attached = false;
        this.flight = [];
        till.restart();
        break;
      case 'scrub':
        till.scrub();
        break;
      case 'rot':
        if (till.cursor === null) break;
        this.rotted = true;
        till.rot(`P${action.id}`);
        break;
      case 'suspend':
        server.suspended = true;
        break;
      case 'resume':
        server.suspended = false;
        break;
      case 'sleep':
        till.nowMs += action.ms;
        break;
      case 'restore': {
        const before = server.head;
        server.restore(Math.max(0, server.history.length - action.back));
        this.moved(before);
        break;
      }
      case 'forge': {
        this.forged = true;
        const to = { ...server.head, version: server.head.version + 1 };
        const forged = action.digest ? { ...to, digest: 'ffffffffffffffff' } : to;
        if (this.attached)
          this.till.dispatch({
            type: 'message',
            change: { to: forged, edits: [put('EVIL', 0)], note: null },
          });
        break;
      }
    }
    this.check();
  }

  check(): void {
    const { till } = this;
    if (till.cursor !== null) {
      const key = `${till.cursor.epoch}/${till.cursor.version}`;
      expect(this.truth.get(key), `P4: content at ${key}`).toBe(till.cursor.digest);
    }
    expect(till.content.has('EVIL'), 'a forged row').toBe(false);
    if (!this.forged && !this.rotted)
      expect(till.counts.get('digest_mismatch'), 'a repair that nothing called for').toBeUndefined();
    const now = statusOf(till.state, till.nowMs, 0);
    if (now.status === 'live') {
      expect(till.state.suspect, 'P6: live with content that is known to differ').toBe(false);
      const key = `${till.cursor?.epoch}/${till.cursor?.version}`;
      const leftAtMs = this.leftAtMs.get(key) ?? Infinity;
      expect(
        till.nowMs - leftAtMs,
        'P6: live, but left behind for longer than a proof lasts',
      ).toBeLessThanOrEqual(20_000);
      expect(this.attached, 'P6: live without the broker').toBe(true);
    }
  }

  /** The faults stop: a bounded number of ordinary steps must bring the till to the server's content. */
  calm(): void {
    const { server, till } = this;
    server.suspended = false;
    this.act({ do: 'attach' });
    for (let round = 0; round < 30; round++) {
      while (this.flight.length > 0) this.act({ do: 'deliver', at: 0, keep: false });
      for (const what of ['answer', 'settle', 'answer', 'retry', 'answer'] as const) this.act({ do: what });
      this.act({ do: 'report' });
      this.act({ do: 'scrub' });
    }
    expect(till.isSound).toBe(true);
    expect(till.content).toEqual(server.content);
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
    expect(statusOf(till.state, till.nowMs, 0).status).toBe('live');
  }
}
