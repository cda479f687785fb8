import { type CommandSpace, commands } from "../../commands/catalogue.ts";
import type { AnyCommand } from "../../commands/define-command.ts";
import { connectionStates } from "../../entities/connection.ts";
import { TraceStep, traceDrops, traceStepFields } from "../../entities/trace.ts";
import { namespaces } from "../../namespace.ts";
import { namespaceMessages } from "../../namespace-messages.ts";
import { BridgeFrame, BridgeServerFrame } from "../../plain-websocket/agent-bridge-frames.ts";
import { systemMessages } from "../../system-message.ts";
import { JsonSchemas } from "../json-schemas.ts";
import { routes } from "../routes.ts";
import { closeCodeTable, errorTable, kindTable, namespaceTable, reasonTable } from "./connection-tables.ts";
import { commandTable, eventTable, messageTable, typeTable, variantTable } from "./message-tables.ts";
import { routeTable } from "./route-table.ts";
import { code, table } from "./table.ts";

/** The tables of docs/PROTOCOL.md that the contract gives, by the names of their regions there. */
export function protocolRegions(): Record<string, string> {
  const schemas = new JsonSchemas({ target: "draft-2020-12" });
  const perNamespace = namespaces.flatMap((namespace): [string, string][] => {
    const messages = namespaceMessages[namespace];
    return [
      [`commands ${namespace}`, commandTable(commandsOf(namespace, false), schemas)],
      ...Object.keys(messages)
        .slice(0, 1)
        .map((): [string, string] => [`messages ${namespace}`, messageTable(messages, schemas)]),
    ];
  });
  return {
    namespaces: namespaceTable(),
    "connection states": meaningTable("state", connectionStates),
    "disconnect reasons": reasonTable(),
    "system commands": commandTable(commandsOf("/chat", true), schemas),
    "system messages": messageTable(
      Object.fromEntries(Object.entries(systemMessages).map(([name, data]) => [name, { data }])),
      schemas,
    ),
    "error codes": errorTable(),
    events: eventTable(schemas),
    "room kinds": kindTable(),
    ...Object.fromEntries(perNamespace),
    routes: routeTable(routes, schemas),
    "frames of a bridge": variantTable("type", BridgeFrame.options, "input", schemas),
    "frames to a bridge": variantTable("type", BridgeServerFrame.options, "output", schemas),
    "close codes": closeCodeTable(),
    "trace steps": variantTable("step", TraceStep.options, "output", schemas, Object.keys(traceStepFields)),
    "trace drops": meaningTable("`why`", traceDrops),
    // Last: by now all types that the other tables refer to are known.
    types: typeTable(schemas),
  };
}

/** Those that every namespace has, or its own. */
function commandsOf(space: CommandSpace, ofAll: boolean): AnyCommand[] {
  return Object.values<AnyCommand>(commands[space]).filter(({ name }) => name.startsWith("system.") === ofAll);
}

function meaningTable(title: string, meanings: Readonly<Record<string, string>>): string {
  return table(
    [title, "meaning"],
    Object.entries(meanings).map(([name, meaning]) => [code(name), meaning]),
  );
}
