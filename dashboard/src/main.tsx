import "@mantine/core/styles.css";
import "./app/app.css";
import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { theme } from "./app/theme.ts";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { nonce } from "./ui/nonce.ts";

const root = document.getElementById("app");
if (!root) throw new Error("The page has no place for the dashboard.");

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <ErrorBoundary>
        <App />
      </ErrorBoundary>
    </MantineProvider>
  </StrictMode>,
);
