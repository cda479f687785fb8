import { Revocation, Revoked } from "../entities/revocation.ts";

/** `POST /api/revocations` */
export const RevocationBody = Revocation;
export const RevocationAnswer = Revoked;
