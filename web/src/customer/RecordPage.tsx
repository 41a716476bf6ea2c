// The customer record: who she is, her story, and how things stand now. Three columns; on the phone now comes first.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Alert, Skeleton, Tabs } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStream } from "../api/stream";
import type { Customer } from "../api/types";
import { useHotkeys } from "../app/hotkeys";
import { textOr } from "../app/i18n";
import { usePhone } from "../app/prefs";
import { useMay } from "../app/session";
import { useUrl } from "../app/url";
import { CustomerOrders } from "../sales/CustomerOrders";
import { Loaded } from "../ui/States";
import { ChangesDrawer } from "./ChangesDrawer";
import "./customer.css";
import { NowColumn } from "./NowColumn";
import { customerQuery } from "./queries";
import { RecordHead } from "./RecordHead";
import "./record.css";
import { RevealDialog } from "./RevealDialog";
import { Story } from "./Story";
import { WhoColumn } from "./WhoColumn";

/** Of an event as it arrives; and of all that was committed, imports included. */
interface Arrived {
  customer_id?: string | null;
}
interface Changed {
  customers: string[];
  /** There were too many to name. */
  more: boolean;
}

/** Counts up whenever the stream says that this person moved, at most twice a second. */
function useMoves(customer: Customer | undefined): number {
  const client = useQueryClient();
  const [moves, setMoves] = useState(0);
  const ids = customer ? [customer.id, ...customer.members] : [];
  const move = (hers: boolean) => hers && setMoves((n) => n + 1);
  useStream<Changed>("change", ({ customers, more }) => move(more || customers.some((id) => ids.includes(id))));
  useStream<Arrived>("live", ({ customer_id }) => move(Boolean(customer_id && ids.includes(customer_id))));
  useEffect(() => {
    if (!moves || !customer) return;
    const timer = window.setTimeout(() => {
      client.invalidateQueries({ queryKey: ["customer", customer.id, "record"] });
      client.invalidateQueries({ queryKey: ["customer", customer.id, "orders"] });
    }, 400);
    return () => window.clearTimeout(timer);
  }, [moves, customer?.id, client, customer]);
  return moves;
}

function RecordSkeleton() {
  return (
    <div className="zx-record">
      <div className="zx-card zx-record-head">
        <Skeleton active avatar title={false} paragraph={{ rows: 2, width: [180, 320] }} />
      </div>
      <div className="zx-record-columns">
        {[6, 12, 8].map((rows) => (
          <div key={rows} className="zx-card">
            <Skeleton active title={false} paragraph={{ rows }} className="zx-skeleton" />
          </div>
        ))}
      </div>
    </div>
  );
}

export function RecordPage() {
  const { id } = useParams({ from: "/shell/customers/$id" });
  const query = useQuery(customerQuery(id));
  return (
    <Loaded query={query} skeleton={<RecordSkeleton />}>
      {(customer) => <Record key={customer.id} customer={customer} asked={id} />}
    </Loaded>
  );
}

function Record({ customer, asked }: { customer: Customer; asked: string }) {
  const { t } = useTranslation();
  const phone = usePhone();
  const may = useMay();
  const navigate = useNavigate();
  const [{ tab = "story", story: told }, setUrl] = useUrl();
  const [open, setOpen] = useState<"reveal" | "changes" | null>(null);
  const moves = useMoves(customer);
  const toEdit = () => navigate({ to: "/customers/$id/edit", params: { id: customer.id } });

  useEffect(() => {
    document.title = `${customer.salutation || customer.name} · ${t("app.name")}`;
  }, [customer, t]);

  useHotkeys([
    ...(may("customer.write") ? [{ keys: "e", text: t("keys.edit"), run: toEdit }] : []),
    ...(may("customer.reveal") ? [{ keys: "v", text: t("keys.reveal"), run: () => setOpen("reveal") }] : []),
  ]);

  const story = (
    <section className="zx-card zx-story-card" aria-label={t("record.story")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => setUrl({ tab: key === "story" ? undefined : key })}
        items={[
          { key: "story", label: t("record.story"), children: <Story customer={customer} moves={moves} /> },
          { key: "orders", label: t("record.orders"), children: <CustomerOrders customerId={customer.id} /> },
        ]}
        destroyOnHidden
      />
    </section>
  );
  const who = <WhoColumn customer={customer} onChanges={() => setOpen("changes")} />;
  const now = <NowColumn customer={customer} />;
  return (
    <div className="zx-record">
      {asked !== customer.id && (
        <Alert type="info" showIcon closable title={t("record.merged_from", { code: customer.code })} />
      )}
      {told && textOr(`tour.${told}`, "") && (
        <Alert
          type="info"
          closable={{ onClose: () => setUrl({ story: undefined }), "aria-label": t("common.close") }}
          title={<strong>{textOr(`tour.${told}.title`, "")}</strong>}
          description={textOr(`tour.${told}`, "")}
        />
      )}
      <RecordHead customer={customer} onReveal={() => setOpen("reveal")} onEdit={toEdit} />
      <div className="zx-record-columns">
        {phone ? (
          <>
            {now}
            {story}
            {who}
          </>
        ) : (
          <>
            {who}
            {story}
            {now}
          </>
        )}
      </div>
      {open === "reveal" && <RevealDialog customer={customer} onClose={() => setOpen(null)} />}
      <ChangesDrawer customer={customer} open={open === "changes"} onClose={() => setOpen(null)} />
    </div>
  );
}
