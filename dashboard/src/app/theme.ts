import { Combobox, createTheme } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  defaultRadius: "md",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Hidden options would cost as much to render as the rest of a page.
    Combobox: Combobox.extend({ defaultProps: { keepMounted: false } }),
  },
});
