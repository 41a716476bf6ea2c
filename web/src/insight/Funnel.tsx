// Browse, cart, order: devices seen and the people behind them.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { FunnelStep } from "../api/types";
import { textOr } from "../app/i18n";
import { Card } from "../ui/Bits";
import { count, percent } from "../ui/format";
import { Empty, Loaded } from "../ui/States";
import { type Filter, funnelQuery } from "./queries";

function Step({ step, first, before }: { step: FunnelStep; first: FunnelStep; before: FunnelStep | undefined }) {
  const { t } = useTranslation();
  const width = first.subjects ? (step.subjects / first.subjects) * 100 : 0;
  const people = first.subjects ? (step.people / first.subjects) * 100 : 0;
  return (
    <li>
      <div className="zx-funnel-words">
        <strong>{textOr(`funnel.${step.step}`, step.step)}</strong>
        <span className="zx-num">
          {t("funnel.subjects", { n: count(step.subjects) })} · {t("funnel.people", { n: count(step.people) })}
        </span>
      </div>
      <div className="zx-funnel-bar" aria-hidden="true">
        <span style={{ width: `${Math.max(width, 0.5)}%` }} />
        <span style={{ width: `${Math.max(people, 0.3)}%` }} />
      </div>
      {before && before.subjects > 0 && (
        <span className="zx-masked">
          {t("funnel.from_before", { percent: percent((step.subjects / before.subjects) * 100) })}
        </span>
      )}
    </li>
  );
}

export function Funnel({ filter }: { filter: Filter }) {
  const { t } = useTranslation();
  const query = useQuery({ ...funnelQuery(filter), placeholderData: keepPreviousData });
  return (
    <Card title={t("funnel.title")}>
      <Loaded query={query}>
        {({ items }) => {
          const [first] = items;
          if (!first?.subjects) return <Empty title={t("funnel.none")} text={t("funnel.none_text")} />;
          return (
            <ol className="zx-funnel">
              {items.map((step, i) => (
                <Step key={step.step} step={step} first={first} before={items[i - 1]} />
              ))}
            </ol>
          );
        }}
      </Loaded>
    </Card>
  );
}
