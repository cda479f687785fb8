import { createElement, type ReactElement } from "react";
import "../element/define.ts";
import { useClient } from "./provider.ts";

/** `<connection-status>` for the client of the nearest provider. */
export function ConnectionStatus(props: { className?: string }): ReactElement {
  return createElement("connection-status", { ...props, client: useClient() });
}

/** `<freshness-badge>` for the client of the nearest provider. */
export function FreshnessBadge(props: { className?: string }): ReactElement {
  return createElement("freshness-badge", { ...props, client: useClient() });
}
