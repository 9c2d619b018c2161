/** A bare Socket.IO server with one room, as a process of its own: what is posted to it goes to all who are in it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { portOf } from './port.ts';

const http = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.once('end', () => {
    io.to('license').emit('change', Buffer.concat(pieces).toString());
    response.end('{}');
  });
});
const io = new Server(http, { transports: ['websocket'], serveClient: false });
io.on('connection', (socket) => {
  void socket.join('license');
  socket.emit('joined');
});
http.listen(0, '127.0.0.1');
await once(http, 'listening');
process.send?.(`http://127.0.0.1:${portOf(http)}/`);
process.once('disconnect', () => void io.close());
