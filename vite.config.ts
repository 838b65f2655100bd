import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The web app: src/web, built to static files that the Worker serves (`[assets]` in wrangler.toml). */
export default defineConfig({
  root: "src/web",
  plugins: [react()],
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    // Inlined as data: URLs they would need a looser content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
