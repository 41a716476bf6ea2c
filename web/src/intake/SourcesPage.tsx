// Sources and their keys. A key is shown once, when it is made.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Source } from "../api/types";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { Card, Channel, State } from "../ui/Bits";
import { PageHead } from "../ui/PageHead";
import { Empty, Loaded } from "../ui/States";
import "./intake.css";
import { KeyLine, NewKeyDialog } from "./Keys";
import { sourcesQuery } from "./queries";
import { SourceDialog } from "./SourceDialog";

function SourceCard({ source, onKey, onEdit }: { source: Source; onKey: () => void; onEdit: () => void }) {
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
          <>
            <Button type="text" onClick={onEdit}>
              {t("common.edit")}
            </Button>
            <Button icon={<PlusOutlined />} onClick={onKey}>
              {t("key.new")}
            </Button>
          </>
        )
      }
    >
      <p className="zx-source-facts">
        <State tone={source.trusted ? "ok" : "plain"}>{t(source.trusted ? "source.trusted" : "source.public")}</State>
        {source.shared_device && <State>{t("source.shared")}</State>}
        {!source.enabled && <State tone="warn">{t("source.disabled")}</State>}
        <span>{textOr(`source.kind.${source.kind}`, source.kind)}</span>
        <Channel name={source.channel} />
        {source.signs_users && <span className="zx-masked">{t("source.signs")}</span>}
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
  const [editing, setEditing] = useState<Source | "new" | null>(null);
  const [keyFor, setKeyFor] = useState<Source | null>(null);
  const create = may("source.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
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
                <SourceCard
                  key={source.id}
                  source={source}
                  onKey={() => setKeyFor(source)}
                  onEdit={() => setEditing(source)}
                />
              ))}
            </div>
          ) : (
            <div className="zx-card">
              <Empty title={t("source.none")} text={t("source.none_text")} action={create} />
            </div>
          )
        }
      </Loaded>
      {editing && <SourceDialog source={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      {keyFor && <NewKeyDialog source={keyFor} onClose={() => setKeyFor(null)} />}
    </>
  );
}
