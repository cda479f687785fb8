import type { IncomingMessage } from "node:http";
import express, { type Request, type RequestHandler } from "express";
import { bytesOfLargest } from "../../../shared/message-bytes.ts";
import type { Connector } from "../../connect/connector.ts";
import { headerToken } from "../../connect/header-token.ts";
import type { Origins } from "../../connect/origins.ts";
import { hasRole } from "../../session/principal.ts";

export interface ReadBodyDeps {
  connector: Connector;
  origins: Origins;
  /** `LIMIT_MESSAGE_BYTES` */
  bodyBytes: number;
}

/** The JSON of the bodies as it came. */
const texts = new WeakMap<IncomingMessage, Buffer>();

/** Bytes of a body. */
export const bodyBytesOf = (request: Request): number => texts.get(request)?.length ?? 0;

/** The JSON of a body. */
export const bodyTextOf = (request: Request): string => String(texts.get(request) ?? "");

/**
 * Parses JSON bodies. A large body, or one without a declared size, is read only for a client with a valid token, up to
 * the size that its roles allow. So other clients cannot make the server buffer more than `bodyBytes`.
 */
export function readBody({ connector, origins, bodyBytes }: ReadBodyDeps): RequestHandler {
  const upTo = (limit: number) =>
    express.json({
      limit,
      verify(request, _response, buffer, encoding) {
        texts.set(request, encoding === "utf-8" ? buffer : asUtf8(buffer, encoding));
      },
    });
  const common = upTo(bodyBytes);
  const forWriters = upTo(bytesOfLargest(["service"], bodyBytes));
  const forOthers = upTo(bytesOfLargest([], bodyBytes));
  return (request, response, next) => {
    if (isSmall(request, bodyBytes)) return common(request, response, next);
    void readerFor(request).then((read) => read(request, response, next));
  };

  async function readerFor(request: Request): Promise<RequestHandler> {
    try {
      const principal = await connector.authenticate(headerToken(request, origins));
      return hasRole(principal, "agent", "service") ? forWriters : forOthers;
    } catch {
      // The route rejects the token with its reason.
      return common;
    }
  }
}

/** Empty where nobody but the parser knows the encoding, such as UTF-7. */
function asUtf8(buffer: Buffer, encoding: string): Buffer {
  try {
    return Buffer.from(new TextDecoder(encoding).decode(buffer));
  } catch {
    return Buffer.alloc(0);
  }
}

function isSmall({ headers }: Request, bodyBytes: number): boolean {
  // A few compressed bytes may expand to any number, so the decompressed size is limited too.
  if (headers["content-encoding"] !== undefined) return true;
  if (headers["transfer-encoding"] !== undefined) return false;
  return Number(headers["content-length"] ?? 0) <= bodyBytes;
}
