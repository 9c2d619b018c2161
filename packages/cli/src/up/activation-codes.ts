import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Activation codes by license key. */
export type ActivationCodes = Readonly<Record<string, string>>;

export const ACTIVATION_CODES_FILE = 'activation-codes.json';

const codesSchema: z.ZodType<ActivationCodes, unknown> = z.record(z.string(), z.string());

/**
 * The codes of the demo's own licenses, kept so that a further till can join: in a demo the one who runs it is
 * the operator and the shop at once. Elsewhere a code is shown once and kept by nobody.
 */
export async function readActivationCodes(dataDir: string): Promise<ActivationCodes> {
  try {
    return codesSchema.parse(JSON.parse(await readFile(join(dataDir, ACTIVATION_CODES_FILE), 'utf8')));
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // Half a file, of a process that was killed while it wrote: the codes are renewed.
    if (isMissing || error instanceof SyntaxError || error instanceof z.ZodError) return {};
    throw error;
  }
}

export async function keepActivationCode(dataDir: string, key: string, code: string): Promise<void> {
  const codes = { ...(await readActivationCodes(dataDir)), [key]: code };
  await writeFile(join(dataDir, ACTIVATION_CODES_FILE), `${JSON.stringify(codes)}\n`, { mode: 0o600 });
}
