// What the shop remembers in this browser: the bag, and who is signed in.
import type { Login } from "./server";

export interface BagLine {
  style: string;
  sku: string;
  quantity: number;
}

function read<T>(key: string, otherwise: T): T {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? "null") as T) ?? otherwise;
  } catch {
    return otherwise;
  }
}
const write = (key: string, value: unknown) => localStorage.setItem(key, JSON.stringify(value));

export const bag = (): BagLine[] => read<BagLine[]>("shop.bag", []);
export const login = (): Login | null => read<Login | null>("shop.login", null);
export const setLogin = (value: Login | null) => write("shop.login", value);
export const clearBag = () => write("shop.bag", []);
export const bagCount = () => bag().reduce((sum, line) => sum + line.quantity, 0);

// Adds to a line, makes it, or takes it out at zero.
export function changeBag(style: string, sku: string, by: number): void {
  const lines = bag();
  const line = lines.find((l) => l.sku === sku);
  if (line) line.quantity += by;
  else if (by > 0) lines.push({ style, sku, quantity: by });
  write(
    "shop.bag",
    lines.filter((l) => l.quantity > 0),
  );
}
