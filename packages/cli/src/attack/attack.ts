import type { Stage } from './stage.ts';

/** The rows of the abuse table that are tried. */
export const ATTACK_ROWS = {
  A1: 'AMQP with a till’s token against another license',
  A2: 'The broker’s other doors',
  A3: 'License keys that are none',
  A4: 'Another license’s ids at the API and in the database',
  A5: 'Requests that say more than they may',
  A6: 'Forged and replayed tokens and assertions',
  A7: 'Guessing',
  A8: 'Too large, too deep, too long',
  A9: 'Poison messages',
  A10: 'Floods',
  A13: 'The broker’s operator',
  LOG: 'What was refused, in the audit log',
} as const;

export type AttackRow = keyof typeof ATTACK_ROWS;

/** What came of an attempt. */
export interface Observed {
  /** Whether it went as it must: for an attack, that it was refused. */
  readonly holds: boolean;
  /** What was seen, in words. */
  readonly observed: string;
}

/** What an attempt needs beyond two tills and the operator’s API key. */
export type AttackNeed = 'administrator' | 'publisher' | 'database' | 'till';

/** One thing that an attacker may try. */
export interface Attack {
  /** `A1.3` */
  readonly id: string;
  readonly row: AttackRow;
  /** What is tried, as a sentence without its full stop. */
  readonly attempt: string;
  readonly expected: string;
  /** The permission, policy or check that it leans on: what to look at when it is not refused. */
  readonly line: string;
  readonly needs?: AttackNeed;
  run(stage: Stage): Promise<Observed>;
}

/** An attack without its number, which its place in its row gives. */
export type Draft = Omit<Attack, 'id' | 'row'>;

/** Numbers a row’s attacks: `A1.1`, `A1.2` … */
export function numbered(row: AttackRow, drafts: readonly Draft[]): readonly Attack[] {
  return drafts.map((draft, index) => ({ ...draft, row, id: `${row}.${index + 1}` }));
}

export function holds(observed: string): Observed {
  return { holds: true, observed };
}

export function fails(observed: string): Observed {
  return { holds: false, observed };
}
