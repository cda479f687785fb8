import "@mantine/core/styles.css";
import "./app/app.css";
import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { App } from "./app/app.tsx";
import { theme } from "./app/theme.ts";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { nonce } from "./ui/nonce.ts";
import { serverSettings } from "./ui/server-settings.ts";

const root = document.getElementById("app");
if (!root) throw new Error("The page has no place for the dashboard.");

const { basePath } = serverSettings;
const { pathname, search, hash } = location;
// Without a proxy the server answers at its root as well; every link of the page is below the base path.
if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) {
  history.replaceState(history.state, "", basePath + pathname + search + hash);
}

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <ErrorBoundary>
        <Router base={basePath}>
          <App />
        </Router>
      </ErrorBoundary>
    </MantineProvider>
  </StrictMode>,
);
