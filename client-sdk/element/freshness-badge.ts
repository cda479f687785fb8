import type { Client } from "../client.ts";
import type { Cancel } from "../connection/environment.ts";
import { ClientElement } from "./client-element.ts";
import { buildShadow, partOf } from "./element-base.ts";

const css = `
  :host { display: inline-block; font: inherit; font-size: .85em; }
  [part~="badge"] { padding: .1em .5em; border-radius: 1em; border: 1px solid currentColor; }
  :host([data-freshness="live"]) { color: var(--signalbox-good, #1a7f37); }
  :host([data-freshness="recovering"]), :host([data-freshness="stale"]) { color: var(--signalbox-waiting, #9a6700); }
  :host([data-freshness="gap"]) { color: var(--signalbox-bad, #cf222e); }
`;

const html = `<span part="badge" role="status" aria-live="polite"></span>`;

/** Whether the data on the page is current. */
export type Freshness = "live" | "recovering" | "stale" | "gap";

/** `<freshness-badge>`: live, catching up, stale since a time, or an unacknowledged gap. Part: `badge`. */
export class FreshnessBadgeElement extends ClientElement {
  #staleSince: Date | undefined;
  #hasGap = false;

  /** Clears the gap, after the page has reloaded its data. */
  acknowledge(): void {
    this.#hasGap = false;
    this.#show();
  }

  protected begin(client: Client): Cancel[] {
    buildShadow(this, css, html);
    this.#show();
    const gap = () => {
      this.#hasGap = true;
      this.#show();
    };
    return [client.on("status", () => this.#show()), client.on("gap", gap)];
  }

  #show(): void {
    if (!this.client || !this.shadowRoot) return;
    const freshness = this.#freshness(this.client);
    if (freshness !== "stale") this.#staleSince = undefined;
    else this.#staleSince ??= new Date();
    this.dataset.freshness = freshness;
    const texts = {
      live: "live",
      recovering: "catching up",
      stale: `stale since ${this.#staleSince?.toLocaleTimeString()}`,
      gap: "events missed",
    };
    const badge = partOf(this.shadowRoot, "badge");
    if (badge.textContent !== texts[freshness]) badge.textContent = texts[freshness];
  }

  #freshness({ state }: Client): Freshness {
    if (state === "connected") return "recovering";
    if (state !== "active") return "stale";
    return this.#hasGap ? "gap" : "live";
  }
}
