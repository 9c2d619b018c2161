import type { License } from '@tillcast/protocol/http/admin-api';
import type { CliContext } from '../context.ts';
import { columns } from './columns.ts';
import { count } from './figures.ts';

/** All that is known of one license, a field a line. */
export function licenseLines(license: License, context: CliContext): string {
  const waiting = license.version - license.published_version;
  return columns(
    [],
    [
      ['License', context.outStyles.accent(license.key)],
      ['Name', license.name],
      ['Status', standingWord(license, context)],
      ['Valid until', license.valid_until ?? 'no end'],
      ['Created', license.created_at],
      ['Terminals', `${license.terminals_active} of ${count(license.terminals_max)}`],
      ['Items', `${count(license.items)} in all`],
      ['Version', `v${license.version}`],
      ['Published', waiting === 0 ? 'all of it' : `up to v${license.published_version}, ${waiting} waiting`],
      ['Epoch', license.epoch],
      ['Digest', license.digest],
    ],
  );
}

/** `active`, `suspended`, `expired` or `revoked`, with its symbol. */
export function standingWord(
  license: Pick<License, 'status' | 'valid_until'>,
  { outStyles }: CliContext,
): string {
  if (license.status === 'revoked') return outStyles.failed('revoked');
  if (license.status === 'suspended') return outStyles.warning('suspended');
  const isOver = license.valid_until !== null && Date.parse(license.valid_until) <= Date.now();
  return isOver ? outStyles.warning('expired') : outStyles.ok('active');
}
