import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a running demo says of itself, for commands in a second shell. */
export interface RunningDemo {
  readonly pid: number;
  readonly backend: string;
  readonly terminals: readonly { readonly url: string; readonly license_key: string }[];
  /** What a further till's environment needs to reach the broker, login included; null where, or as long as, it knows none. */
  readonly broker: Readonly<Record<string, string>> | null;
  /** Whether tills need to be activated, and then hear from the backend where the broker is. */
  readonly activated: boolean;
}

const runningSchema: z.ZodType<RunningDemo, unknown> = z.object({
  pid: z.int().positive(),
  backend: z.url(),
  terminals: z.array(z.object({ url: z.url(), license_key: z.string() })),
  broker: z.record(z.string(), z.string()).nullable(),
  activated: z.boolean(),
});

/** What runs from this data directory; null when nothing does, as far as the file says. */
export async function readRunning(dataDir: string): Promise<RunningDemo | null> {
  let text: string;
  try {
    text = await readFile(pathIn(dataDir), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
  try {
    return runningSchema.parse(JSON.parse(text));
  } catch (error) {
    // Half a file, of a process that was killed while it wrote: as good as none.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

export async function writeRunning(dataDir: string, running: RunningDemo): Promise<void> {
  await writeFile(pathIn(dataDir), `${JSON.stringify(running)}\n`, { mode: 0o600 });
}

export async function removeRunning(dataDir: string): Promise<void> {
  await rm(pathIn(dataDir), { force: true });
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'running.json');
}
