import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import type { Stage } from '../stage.ts';
import { askActivation, askToken } from '../throw-away-till.ts';

const LOOK_EVERY_MS = 1_000;

/** What was refused, in this and in all attempts before, must stand in the audit log. */
export const LOG_DRAFTS: readonly Draft[] = [
  {
    attempt:
      'Activation and a token, refused: what the audit log has of them, and of all that were refused before',
    expected: 'activation.refused and token.refused, with every code',
    line: 'the entries of refused activations and tokens (RefusalsLog)',
    run: async (stage) => {
      await askActivation(stage.api, { licenseKey: stage.other.licenseKey, code: stage.other.licenseKey });
      await askToken(stage.api, 'no.assertion.at-all');
      return logged(stage, (act) => act !== 'request.refused');
    },
  },
  {
    attempt:
      'A wrong API key and a body of another type: what the audit log has of them, and of all that was refused before',
    expected: 'request.refused, with every code that was answered by 401, 403, 413, 415 or 429',
    line: 'the entries of refused requests (RefusedRequests)',
    run: async (stage) => {
      const { api, operator } = stage;
      const path = ADMIN_PATHS.licenses;
      const headers = { authorization: `Bearer ${operator.apiKey}`, 'content-type': 'text/csv' };
      await api.send({ path, headers: { authorization: 'Bearer not-the-key-of-this-deployment' } });
      await api.send({ method: 'POST', path, headers, body: 'a,b' });
      return logged(stage, (act) => act === 'request.refused');
    },
  },
];

/** Waits until everything is there that must be: refusals are gathered for a while before they are written. */
async function logged(stage: Stage, isMeant: (act: string) => boolean): Promise<Observed> {
  const provoked = [...stage.api.refusals].filter((refusal) => isMeant(refusal.split(' ')[0] ?? ''));
  if (provoked.length === 0) return fails('nothing was refused');
  const until = performance.now() + stage.auditWithinMs;
  for (;;) {
    const written = await stage.operator.auditedRefusals();
    const missing = provoked.filter((refusal) => !written.has(refusal));
    if (missing.length === 0) return holds(provoked.join(', '));
    if (performance.now() > until) return fails(`the audit log lacks ${missing.join(', ')}`);
    await sleep(LOOK_EVERY_MS);
  }
}
