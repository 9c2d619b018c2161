/** A file of an archive. */
export interface TarEntry {
  /** Relative, of plain ASCII and at most 100 characters. */
  readonly name: string;
  readonly content: string;
}

const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;

/** An archive as `tar` reads it (POSIX ustar): plain files, readable by their owner alone. */
export function tarOf(entries: readonly TarEntry[], modifiedAt: Date): Buffer {
  const blocks = entries.flatMap(({ name, content }) => {
    const body = Buffer.from(content, 'utf8');
    const padding = (BLOCK_BYTES - (body.length % BLOCK_BYTES)) % BLOCK_BYTES;
    return [headerOf(name, body.length, modifiedAt), body, Buffer.alloc(padding)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function headerOf(name: string, sizeBytes: number, modifiedAt: Date): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  header.write(name, 0, 100, 'ascii');
  header.write(`${octal(0o600, 7)}\0`, 100, 'ascii');
  header.write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108, 'ascii');
  header.write(`${octal(sizeBytes, 11)}\0`, 124, 'ascii');
  header.write(`${octal(Math.floor(modifiedAt.getTime() / 1_000), 11)}\0`, 136, 'ascii');
  // The sum is taken with blanks in its own place.
  header.write('        ', CHECKSUM_AT, 'ascii');
  header.write('0', 156, 'ascii');
  header.write('ustar\u000000', 257, 'ascii');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, CHECKSUM_AT, 'ascii');
  return header;
}
