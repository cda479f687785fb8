import type { z } from "zod";
import type { Namespace } from "../namespace.ts";
import {
  adminAnnounce,
  adminConnections,
  adminDisconnect,
  adminInstances,
  adminLogLevel,
  adminRevoke,
  adminRoom,
  adminRooms,
  adminStats,
  adminTrace,
} from "./admin-commands.ts";
import { registerAgent, reportActivity, sendHeartbeat, sendProgress, sendResponse } from "./agent-commands.ts";
import {
  addMembers,
  cancelChatResponse,
  createConversation,
  history,
  joinRoom,
  leaveRoom,
  listConversations,
  markRead,
  removeMember,
  renameConversation,
  sendChatMessage,
  sendChatResponse,
  sendChatResponseDelta,
  setTyping,
} from "./chat-commands.ts";
import type { AnyCommand } from "./define-command.ts";
import { cancelDispatch, createDispatch, getAgent, getDispatch, listAgents } from "./dispatch-commands.ts";
import { sendHlinkMessage } from "./hlink-command.ts";
import {
  createCheckpoint,
  createStream,
  createTask,
  getStream,
  getTask,
  listCheckpoints,
  listStreams,
  listTasks,
  notifyUser,
  publishEvents,
  readEvents,
  resumeCheckpoint,
  revoke,
  updateTask,
} from "./http-commands.ts";
import { joinTopic, leaveTopic, subscribe, unsubscribe } from "./monitoring-commands.ts";
import { pong, refreshToken } from "./session-commands.ts";

const sessionCommands = keyedByName({
  [pong.name]: pong,
  [refreshToken.name]: refreshToken,
});

/** Every command, under the namespace that serves it; under `http` those that have a route only. */
export const commands = {
  "/chat": keyedByName({
    ...sessionCommands,
    [createConversation.name]: createConversation,
    [addMembers.name]: addMembers,
    [removeMember.name]: removeMember,
    [listConversations.name]: listConversations,
    [renameConversation.name]: renameConversation,
    [markRead.name]: markRead,
    [joinRoom.name]: joinRoom,
    [leaveRoom.name]: leaveRoom,
    [history.name]: history,
    [sendChatMessage.name]: sendChatMessage,
    [sendChatResponseDelta.name]: sendChatResponseDelta,
    [sendChatResponse.name]: sendChatResponse,
    [cancelChatResponse.name]: cancelChatResponse,
    [setTyping.name]: setTyping,
    [sendHlinkMessage.name]: sendHlinkMessage,
  }),
  "/monitoring": keyedByName({
    ...sessionCommands,
    [subscribe.name]: subscribe,
    [unsubscribe.name]: unsubscribe,
    [joinTopic.name]: joinTopic,
    [leaveTopic.name]: leaveTopic,
  }),
  "/agents": keyedByName({
    ...sessionCommands,
    [registerAgent.name]: registerAgent,
    [sendHeartbeat.name]: sendHeartbeat,
    [sendProgress.name]: sendProgress,
    [sendResponse.name]: sendResponse,
    [reportActivity.name]: reportActivity,
  }),
  "/admin": keyedByName({
    ...sessionCommands,
    [adminStats.name]: adminStats,
    [adminInstances.name]: adminInstances,
    [adminConnections.name]: adminConnections,
    [adminRooms.name]: adminRooms,
    [adminRoom.name]: adminRoom,
    [adminDisconnect.name]: adminDisconnect,
    [adminRevoke.name]: adminRevoke,
    [adminAnnounce.name]: adminAnnounce,
    [adminTrace.name]: adminTrace,
    [adminLogLevel.name]: adminLogLevel,
  }),
  http: keyedByName({
    [notifyUser.name]: notifyUser,
    [revoke.name]: revoke,
    [listAgents.name]: listAgents,
    [getAgent.name]: getAgent,
    [createDispatch.name]: createDispatch,
    [getDispatch.name]: getDispatch,
    [cancelDispatch.name]: cancelDispatch,
    [publishEvents.name]: publishEvents,
    [readEvents.name]: readEvents,
    [createTask.name]: createTask,
    [updateTask.name]: updateTask,
    [getTask.name]: getTask,
    [listTasks.name]: listTasks,
    [createStream.name]: createStream,
    [getStream.name]: getStream,
    [listStreams.name]: listStreams,
    [createCheckpoint.name]: createCheckpoint,
    [listCheckpoints.name]: listCheckpoints,
    [resumeCheckpoint.name]: resumeCheckpoint,
  }),
} satisfies Record<Namespace | "http", Record<string, AnyCommand>>;

type Commands = typeof commands;

/** The scopes of command names. */
export type CommandSpace = keyof Commands;

export type CommandName<N extends CommandSpace> = keyof Commands[N] & string;

type CommandOf<N extends CommandSpace, C extends CommandName<N>> = Commands[N][C] extends infer Definition extends
  AnyCommand
  ? Definition
  : never;

/** The payload as a client gives it: defaults left out, ids as plain strings. */
export type CommandInput<N extends CommandSpace, C extends CommandName<N>> = z.input<CommandOf<N, C>["payload"]>;

/** The payload as a handler gets it. */
export type CommandPayload<N extends CommandSpace, C extends CommandName<N>> = z.output<CommandOf<N, C>["payload"]>;

/** `data` of the reply. */
export type CommandData<N extends CommandSpace, C extends CommandName<N>> = z.output<CommandOf<N, C>["reply"]>;

/** Compiles only if each definition stands under its own name. */
function keyedByName<Table extends { [Name in keyof Table]: { name: Name } }>(table: Table): Table {
  return table;
}
