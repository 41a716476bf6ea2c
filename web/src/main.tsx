// Start of the console: policy, texts, palette, then the application.
import "./app/trusted";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { startTexts } from "./app/i18n";
import { guardComposition } from "./app/ime";
import "./app/base.css";

guardComposition();
await startTexts();
createRoot(document.getElementById("root") as HTMLElement).render(<App />);
