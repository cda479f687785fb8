import type { Client } from "../client.ts";
import type { Cancel } from "../connection/environment.ts";
import { ClientElement } from "./client-element.ts";
import { buildShadow, partOf } from "./element-base.ts";
import { qualityOf, statusText } from "./status-text.ts";

/** Green circle, pulsing yellow ring, red square: shape and colour mean the same. */
const css = `
  :host { display: inline-flex; align-items: center; gap: .5em; font: inherit; }
  [part~="indicator"] { width: .75em; height: .75em; flex: none; box-sizing: border-box; border-radius: 50%;
    background: var(--signalbox-good, #1a7f37); }
  [part~="indicator"][data-shape="ring"] { background: none; border: .2em solid var(--signalbox-waiting, #bf8700);
    animation: pulse 1.2s ease-in-out infinite; }
  [part~="indicator"][data-shape="square"] { border-radius: 0; background: var(--signalbox-bad, #cf222e); }
  [part~="quality"], [part~="countdown"] { opacity: .75; }
  [hidden] { display: none; }
  @keyframes pulse { 50% { opacity: .35; transform: scale(.8); } }
  @media (prefers-reduced-motion: reduce) { [part~="indicator"] { animation: none !important; } }
`;

const html = `<span part="indicator" aria-hidden="true"></span><span part="text" role="status" aria-live="polite"></span><span part="countdown" aria-hidden="true" hidden></span><span part="quality" hidden></span>`;

const shapes = {
  disconnected: "square",
  connecting: "ring",
  connected: "ring",
  active: "circle",
  reconnecting: "ring",
  closed: "square",
} as const;

const tickMs = 250;

/** `<connection-status>`: how the connection is. Parts: `indicator`, `text`, `countdown`, `quality`. */
export class ConnectionStatusElement extends ClientElement {
  protected begin(client: Client): Cancel[] {
    const shadow = buildShadow(this, css, html);
    const show = () => this.#show(shadow, client);
    show();
    // Countdown and round-trip time change without an event.
    const ticking = setInterval(() => this.#tick(shadow, client), tickMs);
    return [client.on("status", show), client.on("transport", show), () => clearInterval(ticking)];
  }

  #show(shadow: ShadowRoot, client: Client): void {
    this.dataset.state = client.state;
    partOf(shadow, "indicator").dataset.shape = shapes[client.state];
    const suffix = client.state === "active" && client.transport === "http" ? " over HTTP" : "";
    const text = partOf(shadow, "text");
    const label = statusText(client.status) + suffix;
    // A screen reader repeats text that is written again.
    if (text.textContent !== label) text.textContent = label;
    this.#tick(shadow, client);
  }

  #tick(shadow: ShadowRoot, client: Client): void {
    const countdown = partOf(shadow, "countdown");
    const { nextDelay, roundTripMs } = client;
    countdown.hidden = nextDelay === null;
    if (nextDelay !== null) countdown.textContent = `next try in ${Math.ceil(nextDelay / 1_000)} s`;

    const quality = partOf(shadow, "quality");
    quality.hidden = client.state !== "active" || roundTripMs === null;
    if (roundTripMs !== null) quality.textContent = `${qualityOf(roundTripMs)}, ${roundTripMs} ms`;
  }
}
