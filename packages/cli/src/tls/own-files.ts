import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';

const RECORD = 'tillcast-tls.json';

const recordSchema = z.object({
  about: z.string(),
  hosts: z.array(z.string()),
  /** SHA-256 of what each file may hold: the newest content, and the one before it while it is written. */
  files: z.record(z.string(), z.array(z.string())),
});

/** A file to write; `secret` ones are for their owner alone. */
export interface OwnFile {
  readonly name: string;
  readonly content: string;
  readonly secret: boolean;
}

/**
 * A folder whose files we have made, and of which we replace no other: a record beside them holds what each of
 * them was when we wrote it.
 */
export class OwnFiles {
  readonly directory: string;
  #record: z.infer<typeof recordSchema>;

  private constructor(directory: string, record: z.infer<typeof recordSchema>) {
    this.directory = directory;
    this.#record = record;
  }

  /** @throws TillcastError `file_foreign` when the record is not one of ours */
  static async open(directory: string): Promise<OwnFiles> {
    const path = join(directory, RECORD);
    const text = await readIfThere(path);
    if (text === null) return new OwnFiles(directory, { about: ABOUT, hosts: [], files: {} });
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw foreign(path, cause);
    }
    const parsed = recordSchema.safeParse(json);
    if (!parsed.success) throw foreign(path, parsed.error);
    return new OwnFiles(directory, parsed.data);
  }

  /** The hosts of the last writing. */
  get hosts(): readonly string[] {
    return this.#record.hosts;
  }

  /**
   * What a file holds, or null where it is not there.
   * @throws TillcastError `file_foreign` when it is not as we wrote it
   */
  async read(name: string): Promise<string | null> {
    const path = join(this.directory, name);
    const text = await readIfThere(path);
    if (text !== null && !(this.#record.files[name] ?? []).includes(digestOf(text))) throw foreign(path);
    return text;
  }

  /**
   * Writes files, each whole or not at all.
   * @throws TillcastError `file_foreign` when one of them is there and is not ours; nothing is written then
   */
  async write(files: readonly OwnFile[], hosts: readonly string[]): Promise<void> {
    for (const { name } of files) await this.read(name);
    await mkdir(this.directory, { recursive: true });
    const before = this.#record.files;
    const changed = files.map(({ name, content }): [string, string[]] => {
      const last = before[name]?.[0];
      return [name, [digestOf(content), ...(last === undefined ? [] : [last])]];
    });
    this.#record = { about: ABOUT, hosts: [...hosts], files: { ...before, ...Object.fromEntries(changed) } };
    // The record first: what is broken off here is known as ours the next time.
    await replace(join(this.directory, RECORD), `${JSON.stringify(this.#record, null, 2)}\n`, 0o644);
    for (const { name, content, secret } of files) {
      await replace(join(this.directory, name), content, secret ? 0o600 : 0o644);
    }
  }
}

const ABOUT = 'Made by `tillcast tls init` for development; it renews the files that are as it wrote them.';

async function replace(path: string, content: string, mode: number): Promise<void> {
  // What was broken off here could have another mode.
  await rm(`${path}.new`, { force: true });
  await writeFile(`${path}.new`, content, { mode });
  // Whatever the umask is.
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function foreign(path: string, cause?: unknown): TillcastError {
  return new TillcastError(
    'file_foreign',
    `${path} was not made by this command, or was changed since, and is left as it is. Move it away, or choose another folder with --out.`,
    { cause },
  );
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
