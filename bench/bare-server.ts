import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * A helper process: the least that a server can do, as the baseline of `setup` and `speak`.
 *
 * A datagram is answered by one of the length that its first two octets ask for. On TCP each chunk is taken for one
 * request: its first two octets are the length of the reply, the next two a UDP port that gets one packet of 172 octets.
 */
const udp = createSocket('udp4');
const filler = Buffer.alloc(65_535);
const packet = Buffer.alloc(172);

udp.on('message', (bytes, from) =>
  udp.send(filler.subarray(0, bytes.readUInt16BE(0)), from.port, from.address),
);
udp.bind(0, '127.0.0.1');
await once(udp, 'listening');

const tcp = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    socket.write(filler.subarray(0, chunk.readUInt16BE(0)));
    udp.send(packet, chunk.readUInt16BE(2), '127.0.0.1');
  });
});
tcp.listen(0, '127.0.0.1');
await once(tcp, 'listening');

process.once('disconnect', () => process.exit(0));
process.send?.({ udpPort: udp.address().port, tcpPort: (tcp.address() as AddressInfo).port });
