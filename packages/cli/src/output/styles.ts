import colors from 'picocolors';

/** The few ways in which text is set apart; each returns it unchanged where colors are off. */
export interface Styles {
  readonly accent: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly muted: (text: string) => string;
  /** `✓ word`; a symbol never stands alone. */
  readonly ok: (word: string) => string;
  /** `! word` */
  readonly warning: (word: string) => string;
  /** `✗ word` */
  readonly failed: (word: string) => string;
}

/**
 * Whether to color what goes to a stream: `NO_COLOR` (any text) forbids it, `FORCE_COLOR` demands it, and
 * otherwise it is for terminals.
 */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const force = env['FORCE_COLOR'] ?? '';
  if (force !== '') return force !== '0';
  return isTTY && env['TERM'] !== 'dumb';
}

export function createStyles(enabled: boolean): Styles {
  const paint = colors.createColors(enabled);
  return {
    accent: (text) => paint.cyan(text),
    bold: (text) => paint.bold(text),
    muted: (text) => paint.dim(text),
    ok: (word) => `${paint.green('✓')} ${word}`,
    warning: (word) => `${paint.yellow('!')} ${word}`,
    failed: (word) => `${paint.red('✗')} ${word}`,
  };
}
