import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TillcastError } from '@tillcast/protocol/errors';
import { type Sale, saleSchema } from '@tillcast/protocol/sales/sale';
import { z } from 'zod';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

/** Sales that were taken out of a till by hand. */
export interface SalesExport {
  /** ISO 8601. */
  readonly exportedAt: string;
  readonly sales: readonly Sale[];
}

const FORMAT = 'tillcast sales export';
const SCRYPT = { N: 2 ** 16, r: 8, p: 1 } as const;
const SCRYPT_MEMORY_BYTES = 256 * 1_024 * 1_024;

const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  scrypt: z.strictObject({ N: z.literal(SCRYPT.N), r: z.literal(SCRYPT.r), p: z.literal(SCRYPT.p) }),
  salt: z.base64url(),
  iv: z.base64url(),
  tag: z.base64url(),
  data: z.base64url(),
});

const exportSchema: z.ZodType<SalesExport, unknown> = z.strictObject({
  exportedAt: z.iso.datetime(),
  sales: z.array(saleSchema),
});

/** Where a till's folder keeps an export. @param at ISO 8601 */
export function exportPath(dataDir: string, at: string): string {
  return join(dataDir, 'exports', `sales-${at.replaceAll(/[:.]/g, '-')}.tillcast-export`);
}

/** Writes an export that only the passphrase opens: AES-256-GCM under a key by scrypt. On the disk when this resolves. */
export async function writeExport(path: string, content: SalesExport, passphrase: string): Promise<void> {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt), iv);
  cipher.setAAD(Buffer.from(FORMAT));
  const data = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
  const file: z.infer<typeof fileSchema> = {
    format: FORMAT,
    version: 1,
    scrypt: SCRYPT,
    salt: salt.toString('base64url'),
    iv: iv.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
    data: data.toString('base64url'),
  };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(file)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * What an export holds.
 * @param text the file's content
 * @throws TillcastError `secret_unreadable` where the passphrase is another, or the file was changed
 */
export async function openExport(text: string, passphrase: string): Promise<SalesExport> {
  let file: z.infer<typeof fileSchema>;
  try {
    file = fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new TillcastError('secret_unreadable', 'This is no export of a till, or not all of it.', { cause });
  }
  try {
    const key = await keyOf(passphrase, Buffer.from(file.salt, 'base64url'));
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.iv, 'base64url'));
    decipher.setAAD(Buffer.from(FORMAT));
    decipher.setAuthTag(Buffer.from(file.tag, 'base64url'));
    const data = Buffer.from(file.data, 'base64url');
    const opened = Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
    return exportSchema.parse(JSON.parse(opened));
  } catch (cause) {
    throw new TillcastError('secret_unreadable', 'The passphrase is another, or the file was changed.', {
      cause,
    });
  }
}

function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  return derive(passphrase.normalize('NFC'), salt, 32, { ...SCRYPT, maxmem: SCRYPT_MEMORY_BYTES });
}
