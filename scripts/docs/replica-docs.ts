import type { Cursor } from '@tillcast/protocol/cursor';
import type { Edit } from '@tillcast/protocol/messages/edits';
import type { ReplicaEffect } from '@tillcast/protocol/replica/effect';
import type { EventType, ReplicaEvent } from '@tillcast/protocol/replica/event';
import { step } from '@tillcast/protocol/replica/machine';
import { initialReplica, type ReplicaState, type StateName } from '@tillcast/protocol/replica/state';

const at = (version: number, digest = 'a', epoch = 'history1'): Cursor => ({
  epoch,
  version,
  digest: digest.repeat(16),
});
const EDITS: readonly Edit[] = [{ edit: 'write', row: { kind: 'table', id: 'T1', body: null } }];
const message = (to: Cursor, edits: readonly Edit[] | null = EDITS): ReplicaEvent => ({
  type: 'message',
  change: { to, edits, note: null },
});
const answered = (server: Cursor, asked: Cursor | null): ReplicaEvent => ({
  type: 'answered',
  server,
  asked,
  askedAtMs: 0,
});
const came = (type: 'delta' | 'repair' | 'snapshot', to: Cursor): ReplicaEvent => ({
  type,
  to,
  rows: [],
  askedAtMs: 0,
});

/** Of each event what makes a difference: before, at, right after and beyond version 5, and another history. */
const EVENTS: readonly ReplicaEvent[] = [
  { type: 'started' },
  { type: 'attached' },
  { type: 'detached' },
  message(at(4)),
  message(at(5)),
  message(at(5, 'f')),
  message(at(6)),
  message(at(6), null),
  message(at(6), []),
  message(at(7)),
  message(at(1, 'a', 'history2')),
  came('delta', at(5)),
  came('delta', at(6)),
  came('repair', at(6)),
  came('snapshot', at(6)),
  came('snapshot', at(1, 'a', 'history2')),
  { type: 'repairGivenUp' },
  { type: 'historyGone' },
  { type: 'pullFailed' },
  { type: 'refused', code: 'license_suspended' },
  { type: 'applied' },
  { type: 'applyFailed', reason: 'digest' },
  { type: 'applyFailed', reason: 'store' },
  { type: 'settled' },
  { type: 'retryDue' },
  answered(at(5), at(5)),
  answered(at(5, 'f'), at(5)),
  answered(at(7), at(5)),
  answered(at(4), at(5)),
  answered(at(1, 'a', 'history2'), at(5)),
  answered(at(5), null),
  { type: 'contentDiffers' },
  { type: 'syncRequested' },
];

const GAP: readonly ReplicaEvent[] = [
  message(at(7)),
  { type: 'settled' },
  came('delta', at(5)),
  { type: 'applied' },
];
const GAP_STAYS: readonly ReplicaEvent[] = [{ type: 'retryDue' }, came('delta', at(5)), { type: 'applied' }];
const MENDED: readonly ReplicaEvent[] = [
  { type: 'contentDiffers' },
  came('repair', at(6)),
  { type: 'applied' },
];

/** What happened before: each state in which a till may find itself for long is one of these, or a step from one. */
const HISTORIES: readonly (readonly ReplicaEvent[])[] = [
  [],
  [message(at(7))],
  [message(at(7)), { type: 'settled' }],
  [message(at(6))],
  [message(at(6)), message(at(7))],
  GAP,
  [...GAP, message(at(6))],
  [...GAP, ...GAP_STAYS, ...GAP_STAYS],
  [...GAP, ...GAP_STAYS, ...GAP_STAYS, { type: 'retryDue' }, came('delta', at(5))],
  [{ type: 'syncRequested' }, message(at(6))],
  [{ type: 'syncRequested' }, { type: 'pullFailed' }],
  [{ type: 'syncRequested' }, { type: 'pullFailed' }, message(at(6))],
  [{ type: 'syncRequested' }, came('delta', at(6))],
  [message(at(6)), { type: 'applyFailed', reason: 'store' }],
  [{ type: 'contentDiffers' }],
  [{ type: 'contentDiffers' }, { type: 'pullFailed' }],
  [
    { type: 'contentDiffers' },
    { type: 'pullFailed' },
    { type: 'retryDue' },
    { type: 'pullFailed' },
    { type: 'retryDue' },
  ],
  [{ type: 'contentDiffers' }, came('repair', at(6))],
  [...MENDED, { type: 'contentDiffers' }],
  [{ type: 'historyGone' }, { type: 'syncRequested' }, { type: 'historyGone' }, came('snapshot', at(6))],
  [{ type: 'refused', code: 'license_suspended' }],
  [{ type: 'contentDiffers' }, { type: 'refused', code: 'license_suspended' }],
];

const AT_FIRST: readonly ReplicaState[] = [
  initialReplica(null),
  initialReplica(at(5)),
  initialReplica(at(5), true),
];

const STARTS: readonly ReplicaState[] = AT_FIRST.flatMap((first) =>
  HISTORIES.map((events) => events.reduce((state, event) => step(state, event).state, first)),
);

/** So many events more are tried from each. */
const DEPTH = 1;

const STATE_WORDS: Readonly<Record<StateName, string>> = {
  following: 'Nothing is under way: as far as is known here, all is applied.',
  settling: 'A change is missing: a short wait, since it may be on its way.',
  pulling: 'A question to the sync API is under way; what arrives is held.',
  applying: 'The store was asked to commit.',
  waiting: 'A question or a commit failed: the next try waits for its timer.',
  refused: 'The server will not serve this till; it is asked again slowly.',
};

const EVENT_WORDS: Readonly<Record<EventType, string>> = {
  started: 'the till starts',
  attached: 'its queue is consumed',
  detached: 'its queue is no longer consumed',
  message: 'a change came from the broker',
  delta: 'what came after our version',
  repair: "the rows that are not the server's",
  repairGivenUp: 'which rows differ cannot be told',
  snapshot: 'everything',
  historyGone: 'the delta cannot be told (410)',
  pullFailed: 'no answer, or none that can be used',
  refused: 'the server said no',
  applied: 'the store committed',
  applyFailed: 'the store did not commit: another digest, or its own failure',
  settled: 'the short wait is over',
  retryDue: "the ladder's wait is over",
  answered: 'the answer to a report',
  contentDiffers: 'what lies on the disk is not what the cursor says',
  syncRequested: 'somebody wants to know now',
};

/** What may come of an event in a state: the next state and the effects, as text, each once. */
type Outcomes = Map<StateName, Map<EventType, Set<string>>>;

interface Explored {
  readonly outcomes: Outcomes;
  /** Which events lead from one state to another. */
  readonly ways: ReadonlyMap<string, ReadonlySet<EventType>>;
}

/** Tries every event in every state that events lead to. */
function explore(): Explored {
  const outcomes: Outcomes = new Map();
  const ways = new Map<string, Set<EventType>>();
  const known = new Set<string>();
  let states = STARTS;
  for (let depth = 0; depth <= DEPTH; depth += 1) {
    const next: ReplicaState[] = [];
    for (const state of states) {
      const key = JSON.stringify(state);
      if (known.has(key)) continue;
      known.add(key);
      for (const event of EVENTS) {
        const came = step(state, event);
        next.push(came.state);
        const events = outcomes.get(state.name) ?? new Map<EventType, Set<string>>();
        outcomes.set(state.name, events);
        const cell = events.get(event.type) ?? new Set<string>();
        events.set(event.type, cell);
        cell.add(outcomeText(state, came.state, came.effects));
        if (came.state.name === state.name) continue;
        const way = `${state.name} --> ${came.state.name}`;
        ways.set(way, (ways.get(way) ?? new Set()).add(event.type));
      }
    }
    states = next;
  }
  return { outcomes, ways };
}

function outcomeText(from: ReplicaState, to: ReplicaState, effects: readonly ReplicaEffect[]): string {
  const done = effects.flatMap((effect) => (effect.effect === 'count' ? [] : [`\`${effect.effect}\``]));
  const where = to.name === from.name ? (to === from ? '' : 'noted') : `→ ${to.name}`;
  const what = [...new Set(done)].join(', ');
  if (where === '' && what === '') return 'ignored';
  return [where, what].filter((text) => text !== '').join(': ');
}

/** The replica's table and diagram, as the machine itself behaves. */
export function replicaDocs(): string {
  const { outcomes, ways } = explore();
  const states = Object.entries(STATE_WORDS) as [StateName, string][];
  const events = Object.entries(EVENT_WORDS) as [EventType, string][];
  const diagram = [...ways]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([way, by]) => `  ${way}: ${[...by].toSorted((a, b) => a.localeCompare(b, 'en')).join(', ')}`);
  const sections = states.map(([state, words]) => {
    const rows = events.map(([event, meaning]) => {
      const cell = [...(outcomes.get(state)?.get(event) ?? [])].toSorted((a, b) => a.localeCompare(b, 'en'));
      return `| **${event}**: ${meaning} | ${cell.join('<br>')} |`;
    });
    return `## ${state}\n\n${words}\n\n| event | what may come of it |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return `# The replica

<!-- Written by \`npm run docs\`. Do not edit. -->

What a till does about its currency is one pure function, \`step(state, event) → {state, effects}\`, in
\`packages/protocol/src/replica\`. This page is made by trying it: ${EVENTS.length} events, alone and in pairs, after each of ${HISTORIES.length} histories of
a till that held nothing, of one that held version 5, and of one whose disk had changed what it held.

\`\`\`mermaid
stateDiagram-v2
  [*] --> following
${diagram.join('\n')}
\`\`\`

In the tables, \`noted\` means that the state stays and remembers the event; counters are left out. Where several things may come
of an event, the versions and digests decide: at or below our version is dropped, the next one is applied, beyond it is a gap;
another history, or another digest at our own version, is for the server to settle.

${sections.join('\n')}`;
}
