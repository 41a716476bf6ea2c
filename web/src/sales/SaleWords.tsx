// Words for kinds and states of documents.
import { textOr } from "../app/i18n";
import { State, type Tone } from "../ui/Bits";

const tones: Record<string, Tone> = {
  cancelled: "warn",
  refunded: "warn",
  part_refunded: "warn",
  received: "ok",
  done: "ok",
};

export function SaleKind({ kind }: { kind: string }) {
  return <span className="zx-sale-kind">{textOr(`sale.kind.${kind}`, kind)}</span>;
}

export function SaleStatus({ status }: { status: string }) {
  return <State tone={tones[status]}>{textOr(`sale.status.${status}`, status)}</State>;
}
