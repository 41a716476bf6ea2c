// The head of a page: its name, what it counts, and its acts; at most one of them is the main one.
import type { ReactNode } from "react";

export function PageHead({ title, sub, acts }: { title: ReactNode; sub?: ReactNode; acts?: ReactNode }) {
  return (
    <div className="zx-head">
      <div>
        <h1>{title}</h1>
        {sub && <div className="zx-head-sub">{sub}</div>}
      </div>
      {acts && <div className="zx-head-acts">{acts}</div>}
    </div>
  );
}
