// A line to a Unix socket over which so many bytes a second come back.
import { connect, createServer, type Server, type Socket } from 'node:net'

export class SlowLine {
  readonly path: string
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  private constructor(target: string, rate: number) {
    this.path = `${target}.slow`
    this.server = createServer((near) => {
      const far = connect(target)
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(socket)
        socket.on('error', () => {}).on('close', () => other.destroy())
      }
      near.pipe(far)
      far.on('data', (bytes) => {
        far.pause()
        setTimeout(
          () => {
            near.write(bytes)
            far.resume()
          },
          (bytes.length * 1000) / rate,
        )
      })
    })
  }

  static async to(target: string, rate: number): Promise<SlowLine> {
    const line = new SlowLine(target, rate)
    await new Promise<void>((resolve) => line.server.listen(line.path, resolve))
    return line
  }

  close(): void {
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }
}
