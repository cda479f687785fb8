import type { Admin, AdminEvents } from "@signalbox/client";

type Answer<Name extends Exclude<keyof Admin, "on" | "once" | "off">> = Awaited<ReturnType<Admin[Name]>>;

export type Instance = Answer<"instances">["instances"][number];
export type Connection = Answer<"connections">["connections"][number];
export type RoomRow = Answer<"rooms">["rooms"][number];
export type RoomView = Answer<"room">;
export type Stats = AdminEvents["stats"];
export type TraceStep = AdminEvents["trace"];
export type LogLevel = Answer<"logLevel">["level"];
export type Namespace = Connection["namespace"];
