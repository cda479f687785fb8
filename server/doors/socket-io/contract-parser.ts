import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser";
import { replyError } from "../../../shared/reply.ts";

/** How a packet came. */
export interface Arrival {
  bytes: number;
  /** The number that its reply has to bear; `undefined` when none is asked for. */
  id: number | undefined;
}

/** Where the arguments of a packet that is on its way to a handler have it: thousands at once, and a weak map holds up collections. */
const arrival = Symbol("arrival");

type Arrived = readonly unknown[] & { [arrival]?: Arrival };

/** How the packet that these arguments stood in came. */
export function arrivalOf(args: Arrived): Arrival {
  return args[arrival] ?? { bytes: 0, id: undefined };
}

/** One for all decoders: the library calls it with the one that it listens to for `this`. */
function note(this: MeasuringDecoder, packet: Packet): void {
  this.note(packet);
}

/** Notes how large each packet was, and its number: afterwards there is only what it was parsed into. */
class MeasuringDecoder extends Decoder {
  #bytes = 0;

  constructor() {
    super();
    // The first to listen. To override `emitReserved` would be in vain: the library calls that of its own base class.
    this.on("decoded", note);
  }

  override add(chunk: unknown): void {
    this.#bytes +=
      typeof chunk === "string" ? Buffer.byteLength(chunk) : ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
    super.add(chunk);
  }

  note({ data, id }: Packet): void {
    if (Array.isArray(data)) {
      const args: Arrived = data;
      args[arrival] = { bytes: this.#bytes, id };
    }
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
