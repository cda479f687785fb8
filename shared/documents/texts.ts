import type { Role } from "../role.ts";

/** Of a description, what stands where there is room for one line. */
export const firstSentence = (text: string): string => /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;

/** A description, and the roles that it is for, where it is not for all. */
export function describedFor(description: string, roles: readonly Role[] | undefined): string {
  return roles ? `${description} For the ${roles.length === 1 ? "role" : "roles"} ${listed(roles)}.` : description;
}

const listed = (roles: readonly Role[]) => roles.map((role) => `\`${role}\``).join(", ");
