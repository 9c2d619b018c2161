import { asTillcastError } from '@tillcast/protocol/errors';
import type { Attack, AttackNeed, AttackRow } from './attack.ts';
import type { Heard } from './listener.ts';
import type { Stage } from './stage.ts';

/** How an attempt ended. `leaked`: it was refused, and yet something reached the other license or came from it. */
export type Verdict = 'refused' | 'succeeded' | 'leaked' | 'not_tried';

/** One row of the report. */
export interface AttackResult {
  readonly id: string;
  readonly row: AttackRow;
  readonly attempt: string;
  readonly expected: string;
  readonly observed: string;
  readonly verdict: Verdict;
  /** What to look at, where it was not refused; null where all is well. */
  readonly line: string | null;
}

/** The whole report. */
export interface AttackReport {
  readonly results: readonly AttackResult[];
  readonly tried: number;
  readonly refused: number;
  readonly not_tried: number;
}

const NEEDS: Readonly<Record<AttackNeed, string>> = {
  administrator: 'needs the broker’s administrator: set RABBITMQ_ADMIN_URL',
  publisher: 'needs the user that the backend publishes as: set AMQP_URL',
  database: 'needs the database: set DATABASE_URL',
  till: 'needs the broker’s administrator: set RABBITMQ_ADMIN_URL',
};

/**
 * Tries all attacks in turn. After each, the other license gets a change of its own: whatever else its listener
 * heard until then was caused by the attempt, and whatever of it the attacker's own queue got was let through.
 */
export async function runAttacks(
  attacks: readonly Attack[],
  stage: Stage,
  onResult: (result: AttackResult) => void = () => undefined,
): Promise<AttackReport> {
  const results: AttackResult[] = [];
  for (const attack of attacks) {
    const result = isPossible(attack, stage) ? await tryOne(attack, stage) : notTried(attack);
    results.push(result);
    onResult(result);
  }
  const count = (verdict: Verdict): number => results.filter((each) => each.verdict === verdict).length;
  const not_tried = count('not_tried');
  return { results, tried: results.length - not_tried, refused: count('refused'), not_tried };
}

function isPossible(attack: Attack, stage: Stage): boolean {
  if (attack.needs === 'administrator') return stage.administrator !== null;
  if (attack.needs === 'publisher') return stage.publisher !== null;
  if (attack.needs === 'database') return stage.sql !== null;
  if (attack.needs === 'till') return stage.till !== null;
  return true;
}

function notTried(attack: Attack): AttackResult {
  const { id, row, attempt, expected } = attack;
  const why = attack.needs === undefined ? '' : NEEDS[attack.needs];
  return { id, row, attempt, expected, observed: why, verdict: 'not_tried', line: null };
}

async function tryOne(attack: Attack, stage: Stage): Promise<AttackResult> {
  const { id, row, attempt, expected, line } = attack;
  await stage.ownListener.renew();
  await stage.otherListener.renew();
  const heardBefore = stage.otherListener.heard.length;
  const ownBefore = stage.ownListener.heard.length;
  const seen = await attack.run(stage).catch((error: unknown) => ({
    holds: false,
    observed: `could not be tried: ${asTillcastError(error).message}`,
  }));
  const leak = await leakOf(stage, heardBefore, ownBefore);
  const observed = leak === null ? seen.observed : `${seen.observed}; ${leak}`;
  const verdict: Verdict = !seen.holds ? 'succeeded' : leak === null ? 'refused' : 'leaked';
  return { id, row, attempt, expected, observed, verdict, line: verdict === 'refused' ? null : line };
}

/** What reached the other license, or came from it, though it must not; null where nothing did. */
async function leakOf(stage: Stage, heardBefore: number, ownBefore: number): Promise<string | null> {
  const marker = await mark(stage);
  if (marker !== null) return marker;
  const foreign = stage.otherListener.heard
    .slice(heardBefore)
    .find((each) => !isOwnChange(each, stage.other.licenseKey, stage));
  if (foreign !== undefined) return `the other license's listener heard ${foreign.routingKey}`;
  const got = stage.ownListener.heard
    .slice(ownBefore)
    .find(
      (each) => each.routingKey.includes(stage.other.licenseKey) || each.text.includes(stage.otherSecret),
    );
  return got === undefined ? null : `its own queue got ${got.routingKey}`;
}

/** A change for the other license: everything that was under way has arrived before it. */
async function mark(stage: Stage): Promise<string | null> {
  const { version } = await stage.operator.changePrice(stage.other.licenseKey);
  try {
    await stage.otherListener.hear(version);
    return null;
  } catch (error) {
    return asTillcastError(error).message;
  }
}

/** A change that the operator made: it names the product or table whose name no attacker knows. */
function isOwnChange(heard: Heard, licenseKey: string, stage: Stage): boolean {
  return (
    heard.routingKey.startsWith(`license.${licenseKey}.`) &&
    heard.version !== null &&
    heard.text.includes(stage.otherSecret)
  );
}
