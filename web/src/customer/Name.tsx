// A customer's name as it may be read aloud, and masked beside it.
import type { CustomerRow } from "../api/types";

export function CustomerName({ row }: { row: Pick<CustomerRow, "salutation" | "name"> }) {
  return (
    <>
      {row.salutation || row.name}
      {row.salutation && row.name && <span className="zx-masked">{row.name}</span>}
    </>
  );
}
