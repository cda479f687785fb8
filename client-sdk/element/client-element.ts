import type { Client } from "../client.ts";
import type { Cancel } from "../connection/environment.ts";
import { ElementBase } from "./element-base.ts";

/** An element that shows a client while it is attached to a page. */
export abstract class ClientElement extends ElementBase {
  #client: Client | undefined;
  #cancels: Cancel[] = [];

  /** The client to show. */
  get client(): Client | undefined {
    return this.#client;
  }

  set client(client: Client | undefined) {
    this.#client = client;
    if (this.isConnected) this.#begin();
  }

  /** @internal */
  connectedCallback(): void {
    this.#begin();
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#end();
  }

  /** Starts showing the client. Returns the functions that stop it. */
  protected abstract begin(client: Client): Cancel[];

  #begin(): void {
    this.#end();
    if (this.#client) this.#cancels = this.begin(this.#client);
  }

  #end(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }
}
