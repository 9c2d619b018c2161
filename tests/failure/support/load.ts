import { setTimeout as pause } from 'node:timers/promises';
import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import type { Stage } from './stage.ts';

/** Price changes that go on until they are stopped. */
export interface Load {
  /** Resolves when the last one is answered, to all that were acknowledged, in order. */
  readonly stop: () => Promise<readonly CommitResult[]>;
  /** What was acknowledged so far. */
  readonly acknowledged: readonly CommitResult[];
  /** What was refused so far. */
  readonly refused: readonly string[];
}

/** Raises a price of the license again and again, one change after the other. */
export function startLoad(stage: Stage, licenseKey: string, perSecond: number = 20): Load {
  const acknowledged: CommitResult[] = [];
  const refused: string[] = [];
  let going = true;
  const run = async (): Promise<void> => {
    while (going) {
      const [outcome] = await Promise.allSettled([stage.raisePrice(licenseKey), pause(1_000 / perSecond)]);
      if (outcome.status === 'fulfilled') acknowledged.push(outcome.value);
      else refused.push(String(outcome.reason));
    }
  };
  const running = run();
  return {
    acknowledged,
    refused,
    stop: async () => {
      going = false;
      await running;
      return acknowledged;
    },
  };
}
