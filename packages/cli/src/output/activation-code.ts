import type { CliContext } from '../context.ts';
import { columns } from './columns.ts';

/** Shows an activation code, and says that this is the one time. */
export function printActivationCode(code: string, context: CliContext, use: string): void {
  context.out.write(columns([], [['Activation code', context.outStyles.accent(code)]]));
  context.err.write(`This code is shown once, now: note it. ${use}\n`);
}
