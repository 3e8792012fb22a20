// A server of net that speaks HTTP only just, for `truefork serve`.
import { createServer } from 'node:net';

export default createServer((socket) => {
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nnet server\n'));
});
