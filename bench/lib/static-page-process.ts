/**
 * The floor of a page: a static one, with a place for each product of a screen, into which it writes what a bare stream of events
 * says. It is told the changes by its parent.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { portOf } from './port.ts';

const TILES = 48;

const tiles = Array.from(
  { length: TILES },
  (_, index) => `<li id="P${index}"><b>Product ${index}</b> <span>£1.50</span>`,
);
const page = `<!doctype html><meta charset="utf-8"><title>Floor</title><ul>${tiles.join('')}</ul><script>
new EventSource('/events').onmessage = ({ data }) => {
  const { id, text } = JSON.parse(data);
  const place = document.getElementById(id);
  if (place !== null) place.lastChild.textContent = text;
};
</script>`;

const readers = new Set<ServerResponse>();
const server = createServer((request, response) => {
  if (request.url !== '/events') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(page);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  readers.add(response);
  response.once('close', () => readers.delete(response));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', (change) => {
  for (const reader of readers) reader.write(`data: ${JSON.stringify(change)}\n\n`);
});
process.send?.(`http://127.0.0.1:${portOf(server)}/`);
process.once('disconnect', () => {
  server.close();
  server.closeAllConnections();
});
