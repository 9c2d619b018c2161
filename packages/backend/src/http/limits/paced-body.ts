import { Readable } from 'node:stream';

/** Bodies beyond this are sent piece by piece; each piece has this size. */
export const PIECE_BYTES: number = 64 * 1024;

/**
 * A body whose next piece is handed out once the line has taken those before. TLS encrypts what it is given at
 * once: of a large body, given whole, each slow reader would have a copy in memory.
 */
export function pacedBody(body: Buffer): Readable {
  let sent = 0;
  return new Readable({
    highWaterMark: PIECE_BYTES,
    read() {
      if (sent >= body.length) {
        this.push(null);
        return;
      }
      const piece = body.subarray(sent, sent + PIECE_BYTES);
      sent += piece.length;
      this.push(piece);
    },
  });
}
