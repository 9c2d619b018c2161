import { createSocket, type RemoteInfo } from 'node:dgram';
import { freePort } from '@tillcast/testkit';

const TYPE_A = 1;
const TTL_S = 1;

/** A name server on the loopback address, as Docker has one: of a name that stands for several machines it tells all. */
export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:5353` */
  readonly address: string;
}

/** @param addressesOf the IPv4 addresses of a name, at this moment */
export async function startNameServer(addressesOf: (name: string) => readonly string[]): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const answer = answerTo(query, addressesOf);
    if (answer !== null) socket.send(answer, from.port, from.address);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => void socket.bind(port, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}

/** The answer to a query (RFC 1035) of one question; null for what is none. */
function answerTo(query: Buffer, addressesOf: (name: string) => readonly string[]): Buffer | null {
  if (query.length < 12 || query.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]; length !== undefined && length > 0; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const end = at + 5;
  if (end > query.length) return null;
  const addresses = query.readUInt16BE(at + 1) === TYPE_A ? addressesOf(labels.join('.')) : [];
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  // An answer, by who knows, without error.
  head.writeUInt16BE(0x8580, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    // The name is that of the question.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(TTL_S, 6);
    record.writeUInt16BE(4, 10);
    for (const [index, byte] of address.split('.').entries()) record.writeUInt8(Number(byte), 12 + index);
    return record;
  });
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}
