import type { License } from '@tillcast/protocol/http/admin-api';
import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const SOON_DAYS = 7;

/** Whether the license lets its tills sync, and whether what it changed was published. */
export const license: Check = {
  id: 'license',
  title: 'License',
  expected: 'active, and not about to end',
  judge: ({ license: told, at }) => {
    if (!told.known) return skipped(told.why);
    const { value } = told;
    return verdictOf(
      [...standing(value, at), ...backlog(value)],
      `${value.key} is active${value.valid_until === null ? '' : ` until ${value.valid_until.slice(0, 10)}`}`,
    );
  },
};

function standing({ key, status, valid_until: end }: License, at: Date): readonly Fault[] {
  const base = { what: `license ${key}`, expected: 'active' };
  if (status !== 'active') {
    const mend = {
      suspended: `tillcast license resume ${key}`,
      expired: `tillcast license update ${key} --valid-until <date>`,
      revoked: 'tillcast license create <another key>',
    }[status];
    const cause = 'its tills sell on with what they have, and get no change and no token';
    return [{ ...base, grade: 'failure', observed: status, cause, mend }];
  }
  const leftMs = end === null ? Number.POSITIVE_INFINITY : Date.parse(end) - at.getTime();
  if (leftMs > SOON_DAYS * DAY_MS) return [];
  return [
    {
      ...base,
      grade: 'warning',
      observed: `it ends in ${Math.max(0, Math.floor(leftMs / DAY_MS))} days, at ${end}`,
      expected: `more than ${SOON_DAYS} days`,
      cause: 'from then on its tills get no change',
      mend: `tillcast license update ${key} --valid-until <date>`,
    },
  ];
}

function backlog({ key, version, published_version: published }: License): readonly Fault[] {
  if (published >= version) return [];
  return [
    {
      grade: 'warning',
      what: `changes of ${key}`,
      observed: `version ${version} is committed, and ${published} was published`,
      expected: 'all published',
      cause: 'the backends cannot reach the broker, or none runs: tills get them by their own questions',
      mend: 'tillcast doctor --only broker, on the backend’s machine',
    },
  ];
}
