import { closeCodes, disconnectReasons, reasonMeanings } from "../../disconnect-reason.ts";
import { errorCodes } from "../../error-code.ts";
import { namespaceDescriptions, namespaces, rolesOfNamespace } from "../../namespace.ts";
import { bareKinds, kindDescriptions, kindsWithId, namespaceOfKind, type RoomKind } from "../../room.ts";
import { code, codes, table } from "./table.ts";

export function namespaceTable(): string {
  return table(
    ["namespace", "for", "roles that may enter"],
    namespaces.map((namespace) => [
      code(namespace),
      namespaceDescriptions[namespace],
      codes(rolesOfNamespace[namespace]) +
        (namespace === "/monitoring" ? ", or any token with a grant on a monitoring room" : ""),
    ]),
  );
}

const clientAfter = { reconnect: "reconnects", "new-token": "gets a new token", stop: "stops" };

export function reasonTable(): string {
  return table(
    ["reason", "meaning", "the client then"],
    Object.entries(disconnectReasons).map(([reason, { client }]) => [
      code(reason),
      reasonMeanings[reason as keyof typeof reasonMeanings],
      clientAfter[client],
    ]),
  );
}

export function errorTable(): string {
  return table(
    ["code", "meaning", "`details`", "retryable", "HTTP"],
    Object.entries(errorCodes).map(([name, entry]) => [
      code(name),
      "note" in entry ? `${entry.meaning}. ${entry.note}` : entry.meaning,
      "details" in entry ? code(entry.details) : "–",
      entry.retryable ? "yes" : "no",
      String(entry.httpStatus),
    ]),
  );
}

export function kindTable(): string {
  const row = (kind: RoomKind, room: string) => {
    const namespace = namespaceOfKind[kind];
    return [code(room), kindDescriptions[kind], code(namespace), namespace === "/chat" ? "its own" : "`monitoring`"];
  };
  return table(
    ["room", "for", "namespace", "log"],
    [...kindsWithId.map((kind) => row(kind, `${kind}:{id}`)), ...bareKinds.map((kind) => row(kind, kind))],
  );
}

export function closeCodeTable(): string {
  const meanings = [
    ...Object.entries(closeCodes).map(([name, closeCode]) => ({ closeCode, meaning: inWords(name) })),
    ...Object.entries(disconnectReasons).map(([reason, { closeCode }]) => ({ closeCode, meaning: code(reason) })),
  ];
  const numbers = [...new Set(meanings.map(({ closeCode }) => closeCode))].sort((a, b) => a - b);
  return table(
    ["close code", "meaning"],
    numbers.map((number) => [
      String(number),
      meanings
        .filter(({ closeCode }) => closeCode === number)
        .map(({ meaning }) => meaning)
        .join(", "),
    ]),
  );
}

/** `frameTooLarge` */
const inWords = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
