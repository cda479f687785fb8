import { expect } from "@jest/globals";
import type { Locator } from "playwright-core";
import type { TestServer } from "../support/server.ts";
import { eventually } from "../support/within.ts";
import { type TestBrowser, Visitor } from "./test-browser.ts";

/** Somebody who chats. */
export class ChatVisitor extends Visitor {
  static async arrive(browser: TestBrowser, server: TestServer, sub: string): Promise<ChatVisitor> {
    return new ChatVisitor((await browser.visit(server, sub, { path: "/chat" })).page);
  }

  get messages(): Locator {
    return this.page.getByRole("log", { name: "Messages" });
  }

  async create(title: string, ...members: string[]): Promise<void> {
    const { page } = this;
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.getByLabel("Title").fill(title);
    const input = page.getByRole("combobox", { name: "Members" });
    for (const member of members) {
      await input.fill(member);
      await input.press("Enter");
    }
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
    await this.messages.waitFor();
  }

  item(title: string): Locator {
    return this.page.getByRole("region", { name: "Conversations" }).getByRole("link", { name: title });
  }

  async open(title: string): Promise<void> {
    await this.item(title).click();
    await this.messages.waitFor();
  }

  conversationId(): string {
    return decodeURIComponent(new URL(this.page.url()).pathname.split("/")[2] ?? "");
  }

  /** Writes a message, whatever becomes of it. */
  async write(text: string): Promise<void> {
    await this.page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Writes a message and waits until it is in its place. */
  async send(text: string): Promise<void> {
    await this.write(text);
    await this.messages.locator('[data-row="entry"] [data-text]').getByText(text, { exact: true }).waitFor();
  }

  /** The texts that are in sight or near. */
  texts(): Promise<string[]> {
    return this.messages.locator("[data-text]").allTextContents();
  }

  /** Waits until exactly these messages are shown, in this order. */
  async sees(...texts: string[]): Promise<void> {
    const wanted = JSON.stringify(texts);
    await eventually(async () => JSON.stringify(await this.texts()) === wanted, "messages")
      // What is shown instead makes the better message.
      .catch(async () => expect(await this.texts()).toEqual(texts));
  }
}
