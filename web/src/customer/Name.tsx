// A customer's name as it may be read aloud, and masked beside it.
import type { CustomerRow } from "../api/types";
import "./customer.css";

export type CustomerLabel = Pick<CustomerRow, "salutation" | "name">;

export function CustomerName({ row }: { row: CustomerLabel }) {
  return (
    <>
      {row.salutation || row.name}
      {row.salutation && row.name !== row.salutation && row.name && <span className="zx-masked">{row.name}</span>}
    </>
  );
}
