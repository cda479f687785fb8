import { createServer } from "node:http";
import { expect, it } from "@jest/globals";
import express from "express";
import { messagesOf } from "../../server/doors/http/messages-of.ts";
import { listening } from "../support/listening.ts";

it("HTTP-6 a request and its response have the app's prototypes and methods before the app gets them", async () => {
  const app = express().get("/here", (request, response) => void response.json({ at: request.path, ip: request.ip }));
  const changed: boolean[] = [];
  const server = createServer(messagesOf(app), (request, response) => {
    const before = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
    app(request, response);
    const after = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
    changed.push(before.some((prototype, index) => prototype !== after[index]));
  });
  const url = await listening(server);

  const answer = await fetch(`${url}/here`);

  expect(await answer.json()).toEqual({ at: "/here", ip: "127.0.0.1" });
  expect(changed).toEqual([false]);
});
