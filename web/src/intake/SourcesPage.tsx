// Sources and their keys. A key is shown once, when it is made.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Source } from "../api/types";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { Card, Channel, State, Time } from "../ui/Bits";
import { PageHead } from "../ui/PageHead";
import { Empty, Loaded } from "../ui/States";
import "./intake.css";
import { KeyLine, NewKeyDialog } from "./Keys";
import { NewSourceDialog } from "./NewSourceDialog";
import { sourcesQuery } from "./queries";

function SourceCard({ source, onKey }: { source: Source; onKey: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <Card
      title={
        <>
          {source.name} <span className="zx-masked zx-num">{source.code}</span>
        </>
      }
      extra={
        may("source.write") && (
          <Button icon={<PlusOutlined />} onClick={onKey}>
            {t("key.new")}
          </Button>
        )
      }
    >
      <p className="zx-source-facts">
        <State tone={source.trusted ? "ok" : "plain"}>{t(source.trusted ? "source.trusted" : "source.public")}</State>
        {source.shared_device && <State>{t("source.shared")}</State>}
        {!source.enabled && <State tone="warn">{t("source.disabled")}</State>}
        <span>{textOr(`source.kind.${source.kind}`, source.kind)}</span>
        <Channel name={source.channel} />
        <span className="zx-masked">
          {t("source.last")} {source.last_event_at ? <Time at={source.last_event_at} /> : t("source.never")}
        </span>
      </p>
      {source.keys.length ? (
        <ul className="zx-keys" aria-label={t("source.keys")}>
          {source.keys.map((key) => (
            <KeyLine key={key.id} line={key} />
          ))}
        </ul>
      ) : (
        <p className="zx-masked">{t("source.no_keys")}</p>
      )}
    </Card>
  );
}

export function SourcesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const query = useQuery(sourcesQuery);
  const [making, setMaking] = useState(false);
  const [keyFor, setKeyFor] = useState<Source | null>(null);
  const create = may("source.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t("source.new")}
    </Button>
  );
  return (
    <>
      <PageHead title={t("nav.sources")} sub={t("source.sub")} acts={create} />
      <Loaded query={query}>
        {({ items }) =>
          items.length ? (
            <div className="zx-sources">
              {items.map((source) => (
                <SourceCard key={source.id} source={source} onKey={() => setKeyFor(source)} />
              ))}
            </div>
          ) : (
            <div className="zx-card">
              <Empty title={t("source.none")} text={t("source.none_text")} action={create} />
            </div>
          )
        }
      </Loaded>
      {making && <NewSourceDialog onClose={() => setMaking(false)} />}
      {keyFor && <NewKeyDialog source={keyFor} onClose={() => setKeyFor(null)} />}
    </>
  );
}
