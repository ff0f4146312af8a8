// A request's body in a thread: bytes that came with the request, or pieces that come by a port when they are read.
import { BodyOfPieces } from '../ring/body-of-pieces.js'

export class ThreadBody extends BodyOfPieces {
  private readonly pieces: AsyncIterator<Uint8Array, undefined>

  constructor(pieces: AsyncIterator<Uint8Array, undefined>, charset: string | undefined) {
    super(charset)
    this.pieces = pieces
  }

  protected override begin(): AsyncIterator<Uint8Array, undefined> {
    return this.pieces
  }
}
