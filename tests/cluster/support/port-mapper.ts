import { createServer, type Socket } from 'node:net';

const PORT_PLEASE = 'z'.charCodeAt(0);
const NAMES = 'n'.charCodeAt(0);
const PORT_ANSWER = 119;

/**
 * What Erlang's port mapper (epmd) tells those who look for a node, at an address and port of our choice: always that the
 * node is there, at a port of this machine. Nodes themselves register with mappers of their own.
 */
export async function startPortMapper(
  at: { readonly host: string; readonly port: number },
  nodePort: number,
): Promise<AsyncDisposable> {
  const server = createServer((socket: Socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const request = received.subarray(2, 2 + received.readUInt16BE(0));
      socket.end(answerTo(request, at.port, nodePort));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, resolve);
  });
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function answerTo(request: Buffer, ownPort: number, nodePort: number): Buffer {
  const name = request.subarray(1);
  if (request[0] === NAMES) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(ownPort);
    return Buffer.concat([head, Buffer.from(`name rabbit at port ${nodePort}\n`)]);
  }
  if (request[0] !== PORT_PLEASE) return Buffer.from([PORT_ANSWER, 1]);
  const answer = Buffer.alloc(12);
  answer.writeUInt8(PORT_ANSWER, 0);
  answer.writeUInt16BE(nodePort, 2);
  // A normal node, over TCP, of the distribution's versions 5 to 6.
  answer.writeUInt8(77, 4);
  answer.writeUInt16BE(6, 6);
  answer.writeUInt16BE(5, 8);
  answer.writeUInt16BE(name.length, 10);
  return Buffer.concat([answer, name, Buffer.alloc(2)]);
}
