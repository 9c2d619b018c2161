/** A bare server of one file of so many products, compressed, as a process of its own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { productOf } from './backend.ts';
import { portOf } from './port.ts';

const items = Number(process.argv[2]);
const products = Array.from({ length: items }, (_, index) => productOf(index, 1.5));
const file = gzipSync(JSON.stringify({ products }), { level: 1 });
const server = createServer((_, response) => {
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-encoding', 'gzip');
  response.end(file);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.(`http://127.0.0.1:${portOf(server)}/`);
process.once('disconnect', () => {
  server.close();
  server.closeAllConnections();
});
