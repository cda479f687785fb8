import { z } from "zod";

export const Role = z.enum(["user", "agent", "monitor", "admin", "service"]).meta({
  id: "Role",
  description:
    "`user` and `agent` talk, `monitor` watches, `admin` operates, `service` is a backend. A token may have several roles.",
});
export type Role = z.infer<typeof Role>;

/** Extra permission on rooms, carried in the token. `room` is a room or a prefix pattern such as `stream:*`. */
export const Grant = z.object({ room: z.string().min(1).max(256), can: z.array(z.enum(["read", "write"])) });
export type Grant = z.infer<typeof Grant>;
