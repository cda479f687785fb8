import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { userIdOf } from "../../server/access/user-id.ts";
import { Identifier, UserId } from "../../shared/ids.ts";
import { RoomName } from "../../shared/room.ts";

/** As the protocol says that it is undone. */
const subjectOf = (id: string) => (id.startsWith("~") ? decodeURIComponent(id.slice(1).replaceAll("=", "%")) : id);

describe("the user id of a subject", () => {
  it.each([
    ["ada", "ada"],
    ["auth0|5f7c", "auth0|5f7c"],
    ["a=b~c", "a=b~c"],
    ["x".repeat(128), "x".repeat(128)],
    ["f:5f3b:jdoe", "~f=3A5f3b=3Ajdoe"],
    ["-Xk3", "~-Xk3"],
    ["_9a", "~_9a"],
    ["~f", "~=7Ef"],
    ["~~f", "~=7E=7Ef"],
    ["system:serviceaccount:a:b", "~system=3Aserviceaccount=3Aa=3Ab"],
    ["=3A", "~=3D3A"],
    ["Ada Lovelace", "~Ada=20Lovelace"],
    ["zoë", "~zo=C3=AB"],
    ["ada\n", "~ada=0A"],
    ["\u0000", "~=00"],
    ["x".repeat(129), "~~DsnrM-dFELzdHy6lUgboLyFknFwr7L8rQz60dbNMAb0"],
  ])("CONN-12 %j is %s", (subject, id) => {
    expect(userIdOf(subject)).toBe(id);
  });

  it("CONN-12 it can be decoded or is a digest, and differs for every subject", () => {
    const subject = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.string({ unit: fc.constantFrom(..."ab=~-:3DA7E"), minLength: 1, maxLength: 200 }),
    );

    fc.assert(
      fc.property(subject, (text) => {
        const id = userIdOf(text);
        expect(UserId.safeParse(id).success).toBe(true);
        expect(RoomName.safeParse(`user:${id}`).success).toBe(true);
        expect(Identifier.safeParse(id).success).toBe(id === text);
        if (id.startsWith("~~")) expect(id).toHaveLength(45);
        else expect(subjectOf(id)).toBe(text);
      }),
    );
  });
});
