import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser";
import { replyError } from "../../../shared/reply.ts";

/** Facts about a received packet that its parsed form lacks. */
interface Arrival {
  /** If it was not measured: what it would take if it were written now, or more. */
  bytes: number;
  isMeasured: boolean;
  /** The id that its reply must carry; `undefined` when the client requested none. */
  id: number | undefined;
  /** The packet as it came, where that is text alone. */
  text: string | undefined;
}

/** Key on the packet's arguments. Thousands exist at once, and a weak map would slow down garbage collection. */
const arrival = Symbol("arrival");

type Arrived = readonly unknown[] & { [arrival]?: Arrival };

/** The arrival of the packet with these arguments. */
export function arrivalOf(args: Arrived): Arrival {
  return args[arrival] ?? { bytes: sizeOf(args), isMeasured: false, id: undefined, text: undefined };
}

/** So that a library which hands over other arguments than it has decoded does not turn the limit off. */
function sizeOf(args: readonly unknown[]): number {
  try {
    return Buffer.byteLength(JSON.stringify(args));
  } catch {
    // Nested more deeply than can be written.
    return Number.POSITIVE_INFINITY;
  }
}

/** Shared by all decoders: the library calls it with the decoder as `this`. */
function note(this: MeasuringDecoder, packet: Packet): void {
  this.note(packet);
}

/** Records the size, id and text of each packet, which are lost after parsing. */
class MeasuringDecoder extends Decoder {
  #bytes = 0;
  #text: string | undefined;

  constructor() {
    super();
    // Must be the first listener. Overriding `emitReserved` has no effect: the library calls that of its base class.
    this.on("decoded", note);
  }

  override add(chunk: unknown): void {
    this.#bytes +=
      typeof chunk === "string" ? Buffer.byteLength(chunk) : ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
    if (typeof chunk === "string") this.#text = chunk;
    super.add(chunk);
  }

  note({ data, id }: Packet): void {
    if (Array.isArray(data) && this.#bytes > 0) {
      const args: Arrived = data;
      args[arrival] = { bytes: this.#bytes, isMeasured: true, id, text: this.#text };
    }
    this.#bytes = 0;
    this.#text = undefined;
  }
}

/**
 * Adds a code to the refusal of an unknown namespace. The library writes it itself, with a message only; an open
 * catch-all namespace instead would allocate an object for every name that clients make up.
 */
class ContractEncoder extends Encoder {
  override encode(packet: Packet): ReturnType<Encoder["encode"]> {
    if (packet.type !== PacketType.CONNECT_ERROR || packet.data?.data) return super.encode(packet);
    const message = `There is no namespace ${packet.nsp.slice(0, 64)}.`;
    return super.encode({ ...packet, data: { message, data: replyError("forbidden", message) } });
  }
}

/** The library's parser with the two additions that the contract requires. */
export const contractParser = { Encoder: ContractEncoder, Decoder: MeasuringDecoder };
