import { createSocket } from "node:dgram";
import { once } from "node:events";

/** A UDP port of loopback that nobody uses. */
export const freePort = (): Promise<number> => boundOnce(0);

/** Such a port with a free one above it. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const next = await boundOnce(port + 1).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      return null;
    });
    if (next !== null) return port;
  }
}

async function boundOnce(wanted: number): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(wanted, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}
