import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser";
import { replyError } from "../../../shared/reply.ts";

/** Sizes of the packets that are on their way to a handler, by their arguments. */
const sizes = new WeakMap<object, number>();

/** Bytes of the packet that these arguments came in. */
export function packetBytes(args: readonly unknown[]): number {
  return sizes.get(args) ?? 0;
}

/** Notes how large each packet was: afterwards there is only what it was parsed into. */
class MeasuringDecoder extends Decoder {
  #bytes = 0;

  constructor() {
    super();
    // The first to listen. To override `emitReserved` would be in vain: the library calls that of its own base class.
    this.on("decoded", (packet) => this.#note(packet));
  }

  override add(chunk: unknown): void {
    this.#bytes +=
      typeof chunk === "string" ? Buffer.byteLength(chunk) : ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
    super.add(chunk);
  }

  #note({ data }: Packet): void {
    if (Array.isArray(data)) sizes.set(data, this.#bytes);
    this.#bytes = 0;
  }
}

/**
 * Gives the refusal of an unknown namespace a code. The library writes it itself, with a message and nothing else,
 * and an open catch-all namespace instead would be one more object in memory per name that somebody makes up.
 */
class ContractEncoder extends Encoder {
  override encode(packet: Packet): ReturnType<Encoder["encode"]> {
    if (packet.type !== PacketType.CONNECT_ERROR || packet.data?.data) return super.encode(packet);
    const message = `There is no namespace ${packet.nsp.slice(0, 64)}.`;
    return super.encode({ ...packet, data: { message, data: replyError("forbidden", message) } });
  }
}

/** The library's own parser, with the two things that the contract asks for beyond it. */
export const contractParser = { Encoder: ContractEncoder, Decoder: MeasuringDecoder };
