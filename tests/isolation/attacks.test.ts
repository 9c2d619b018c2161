import { afterAll, beforeAll, expect, test } from 'vitest';
import { ATTACK_ROWS } from '../../packages/cli/src/attack/attack.ts';
import { ATTACKS } from '../../packages/cli/src/attack/rows/index.ts';
import { type AttackResult, runAttacks } from '../../packages/cli/src/attack/run-attacks.ts';
import type { OwnedStage } from '../../packages/cli/src/attack/set-stage.ts';
import { type AttackedSystem, startAttackedSystem } from '../support/attacked-system.ts';

/*
 * The whole suite, as `tillcast doctor --attack` runs it: a provisioned broker, a backend that takes tokens
 * alone, on PostgreSQL, and two tills that were activated as every till is.
 */

let system: AttackedSystem;
let stage: OwnedStage;

beforeAll(async () => {
  system = await startAttackedSystem();
  stage = await system.setStage();
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

/** What a person is shown of an attempt that did not end as it must. */
function shown({ id, attempt, observed, verdict, line }: AttackResult): string {
  return `${id} ${verdict}: ${attempt}. Seen: ${observed}. Look at: ${line ?? ''}`;
}

// In the order of the suite: what uses up the address's limit of activations comes late, the audit log last.
const rows = [...new Set(ATTACKS.map(({ row }) => row))];

test('[X1] every row of attacks has attempts, and each has a number of its own', () => {
  expect(new Set(rows)).toEqual(new Set(Object.keys(ATTACK_ROWS)));
  expect(new Set(ATTACKS.map(({ id }) => id)).size).toBe(ATTACKS.length);
});

for (const row of rows) {
  test(`[X1] [P1] ${row}, ${ATTACK_ROWS[row]}: every attempt is refused, and the other license hears nothing`, {
    timeout: 300_000,
  }, async () => {
    const report = await runAttacks(
      ATTACKS.filter((attack) => attack.row === row),
      stage,
    );
    expect(report.results.filter(({ verdict }) => verdict !== 'refused').map(shown)).toEqual([]);
    expect(report.refused).toBe(report.tried);
  });
}
