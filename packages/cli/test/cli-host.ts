import { type Host, runCli } from '../src/run.ts';

/** What one invocation came to. */
export interface Invocation {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process, with its output caught and no color. */
export async function invoke(
  argv: readonly string[],
  options: { readonly env?: Host['env']; readonly cwd?: string } = {},
): Promise<Invocation> {
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    out: { write: (text) => (out += text), isTTY: false, columns: 100 },
    err: { write: (text) => (err += text), isTTY: false, columns: 100 },
  });
  return { code, out, err };
}
