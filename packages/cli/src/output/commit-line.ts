import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import type { CliContext } from '../context.ts';
import { counted } from './figures.ts';

/** What a commit did, in one line. */
export function commitLine(result: CommitResult, context: CliContext): string {
  const { ok, warning, accent } = context.outStyles;
  const version = accent(`v${result.version}`);
  if (result.type === null) return `${warning('unchanged')}  it is so already, still ${version}\n`;
  const unchanged = result.unchanged === 0 ? '' : `, ${result.unchanged} unchanged`;
  return `${ok(result.type)}  ${version}, ${counted(result.changed, 'item')} changed${unchanged}\n`;
}
