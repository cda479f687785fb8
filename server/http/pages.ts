import { fileURLToPath } from "node:url";
import express, { Router } from "express";

/** The files of the built-in page, as they stand. */
const files = fileURLToPath(new URL("./pages", import.meta.url));

/** What a browser is shown at `/`. */
export function createPages(): Router {
  const pages = Router();
  pages.use(express.static(files, { index: "index.html", redirect: false }));
  return pages;
}
