// Imports: choose what it is, drop the file, try it, then take it in. The work goes on without this page.
import { InboxOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Radio, Select, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { send, toError } from "../api/client";
import { storesQuery } from "../catalog/queries";
import { JobLine } from "../job/JobLine";
import { jobsQuery } from "../job/jobs";
import { Card } from "../ui/Bits";
import { PageHead } from "../ui/PageHead";
import { Empty, Failed, Loaded } from "../ui/States";
import "./intake.css";

const kinds = ["receipts", "orders", "products", "customers"] as const;
const bytesMax = 200 * 1024 * 1024;

async function sendFile(kind: string, file: File, store: string | undefined, dryRun: boolean): Promise<void> {
  const query = new URLSearchParams({ kind, dry_run: String(dryRun), ...(store ? { store } : {}) });
  const request = new Request(`${window.location.origin}/api/v1/imports?${query}`, {
    method: "POST",
    headers: { "Content-Type": "text/csv" },
    body: file,
    credentials: "same-origin",
  });
  const response = await send(request);
  if (!response.ok) throw await toError(response);
}

function ImportCard() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [kind, setKind] = useState<string>("receipts");
  const [file, setFile] = useState<File | null>(null);
  const [store, setStore] = useState<string>();
  const stores = useQuery(storesQuery);
  const upload = useMutation({
    mutationFn: (dryRun: boolean) => sendFile(kind, file as File, kind === "receipts" ? store : undefined, dryRun),
    onSuccess: (_, dryRun) => {
      message.success(t("import.started"));
      if (!dryRun) setFile(null);
      return client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  const take = (chosen: File) => {
    upload.reset();
    if (chosen.size > bytesMax) message.error(t("import.too_large"));
    else setFile(chosen);
    return false;
  };
  return (
    <Card title={t("import.kind")}>
      <Radio.Group
        value={kind}
        onChange={(event) => setKind(event.target.value)}
        options={kinds.map((value) => ({ value, label: t(`import.kind.${value}`) }))}
      />
      {kind === "receipts" && (
        <Select
          allowClear
          className="zx-import-store"
          aria-label={t("import.store")}
          placeholder={t("import.store")}
          value={store}
          onChange={(value?: string) => setStore(value)}
          options={stores.data?.items.map((s) => ({ value: s.code, label: s.name }))}
        />
      )}
      <Upload.Dragger
        className="zx-drop"
        accept=".csv,text/csv"
        multiple={false}
        showUploadList={false}
        beforeUpload={take}
        disabled={upload.isPending}
      >
        <p className="zx-drop-icon">
          <InboxOutlined aria-hidden />
        </p>
        <p>{file ? file.name : t("import.drop")}</p>
        <p className="zx-masked">{file ? `${(file.size / 1024 / 1024).toFixed(1)} MB` : t("import.drop_text")}</p>
      </Upload.Dragger>
      {upload.error && <Failed error={upload.error} />}
      <div className="zx-import-acts">
        <Button disabled={!file} loading={upload.isPending} onClick={() => upload.mutate(true)}>
          {t("import.try")}
        </Button>
        <Button type="primary" disabled={!file} loading={upload.isPending} onClick={() => upload.mutate(false)}>
          {t("import.go")}
        </Button>
      </div>
    </Card>
  );
}

export function ImportsPage() {
  const { t } = useTranslation();
  const jobs = useQuery(jobsQuery);
  return (
    <>
      <PageHead title={t("nav.imports")} sub={t("import.sub")} />
      <div className="zx-imports">
        <ImportCard />
        <Card title={t("import.history")}>
          <Loaded query={jobs}>
            {({ items }) =>
              items.length ? (
                items.map((job) => <JobLine key={job.id} job={job} />)
              ) : (
                <Empty title={t("import.none")} text={t("import.none_text")} />
              )
            }
          </Loaded>
        </Card>
      </div>
    </>
  );
}
