import { ConnectionStatusElement } from "./connection-status.ts";
import { define } from "./element-base.ts";
import { FreshnessBadgeElement } from "./freshness-badge.ts";

export type { Freshness } from "./freshness-badge.ts";
export { ConnectionStatusElement, FreshnessBadgeElement };

// Importing the module registers the elements.
define("connection-status", ConnectionStatusElement);
define("freshness-badge", FreshnessBadgeElement);

declare global {
  interface HTMLElementTagNameMap {
    "connection-status": ConnectionStatusElement;
    "freshness-badge": FreshnessBadgeElement;
  }
}
