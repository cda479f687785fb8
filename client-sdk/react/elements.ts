import { createElement, type ReactElement } from "react";
import "../element/define.ts";
import { useClient } from "./provider.ts";

/** `<connection-status>` with the client of the provider around. */
export function ConnectionStatus(props: { className?: string }): ReactElement {
  return createElement("connection-status", { ...props, client: useClient() });
}

/** `<freshness-badge>` with the client of the provider around. */
export function FreshnessBadge(props: { className?: string }): ReactElement {
  return createElement("freshness-badge", { ...props, client: useClient() });
}
