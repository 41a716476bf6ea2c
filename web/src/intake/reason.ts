// Why something was not taken, in words: "no_user_or_anonymous_id", or a field and its cause, "lines[0].paid: too_large".
import { textOr } from "../app/i18n";

export function reasonText(reason: string): string {
  const at = reason.indexOf(": ");
  if (at < 0) return textOr(`reason.${reason}`, reason);
  const [field, cause] = [reason.slice(0, at), reason.slice(at + 2)];
  return `${field} · ${textOr(`reason.${cause}`, textOr(`error.cause.${cause}`, cause))}`;
}
