import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** One numbered step of the schema. Steps go forward only, and are never changed once released. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly script: string;
  /** SHA-256 of the script, in hexadecimal. */
  readonly checksum: string;
}

const FOLDER = new URL('./migrations/', import.meta.url);

/** All steps of this program, `migrations/0001_*.sql` first. */
export function readMigrations(): readonly Migration[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.sql'));
  return files.toSorted().map((file, index) => {
    const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
    const number = Number(match?.[1]);
    const name = match?.[2];
    if (name === undefined || number !== index + 1) {
      throw new Error(`migrations/${file} should be named ${String(index + 1).padStart(4, '0')}_<name>.sql`);
    }
    const script = readFileSync(new URL(file, FOLDER), 'utf8');
    return { number, name, script, checksum: createHash('sha256').update(script).digest('hex') };
  });
}
