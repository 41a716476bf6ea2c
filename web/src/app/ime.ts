// Enter and Escape that belong to an input method (a candidate is being chosen) never reach the application, so they
// neither submit a form nor close a dialog. Safari says so only by key code 229.

export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

export function guardComposition(): void {
  window.addEventListener(
    "keydown",
    (event) => {
      if (!isComposing(event)) return;
      if (event.key === "Enter" || event.key === "Escape" || event.keyCode === 229) event.stopPropagation();
    },
    { capture: true },
  );
}
