// 关系: family, friends, who referred whom, an organisation's contact person. Each is shown on both records; changing one
// changes both. People of stores that the reader may not browse stay unnamed.
import { DeleteOutlined, PlusOutlined, SearchOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { App, Button, Form, Input, Modal, Popconfirm, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { Customer, CustomerRow, Relation, RelationKind } from "../api/types";
import { useMay } from "../app/session";
import { Card } from "../ui/Bits";
import { Failed } from "../ui/States";
import { isTillCard } from "./CustomerCard";
import "./relations.css";

const person: RelationKind[] = [
  "parent",
  "child",
  "spouse",
  "sibling",
  "relative",
  "guardian",
  "ward",
  "friend",
  "colleague",
  "referrer",
  "referred",
  "organisation",
];
const organisation: RelationKind[] = ["contact", "referrer", "referred"];

function useRefresh(id: string) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["customer", id] });
}

function RelationLine({ customer, relation }: { customer: Customer; relation: Relation }) {
  const { t } = useTranslation();
  const may = useMay();
  const { message } = App.useApp();
  const refresh = useRefresh(customer.id);
  const kind = t(`relation.${relation.kind}`);
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE("/api/v1/customers/{id}/relations/{kind}/{other}", {
        params: { path: { id: customer.id, kind: relation.kind, other: relation.customer_id ?? "" } },
      }),
    onSuccess: refresh,
    onError: (error) => message.error(error.message),
  });
  return (
    <li>
      <span className="zx-masked">{kind}</span>
      {relation.visible && relation.customer_id ? (
        <Link to="/customers/$id" params={{ id: relation.customer_id }}>
          {relation.name || t("relation.unnamed")}
        </Link>
      ) : (
        <span className="zx-masked">{t("relation.hidden")}</span>
      )}
      {relation.visible && may("customer.write") && (
        <Popconfirm
          title={t("relation.remove_ask")}
          okText={t("common.delete")}
          cancelText={t("common.cancel")}
          onConfirm={() => remove.mutate()}
        >
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            loading={remove.isPending}
            aria-label={`${t("common.delete")} ${kind} ${relation.name}`}
          />
        </Popconfirm>
      )}
    </li>
  );
}

function Finder({
  self,
  value,
  onChange,
}: {
  self: string;
  value?: string;
  onChange?: (id: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const find = useMutation({
    mutationFn: (q: string) => body(api.POST("/api/v1/customers/lookup", { body: { q } })),
    onSuccess: (reply) => onChange?.(reply.items.length === 1 ? reply.items[0]?.id : undefined),
  });
  const go = () => {
    if (text.trim()) find.mutate(text.trim());
  };
  const found = find.data?.items.filter((row): row is CustomerRow => !isTillCard(row) && row.id !== self) ?? [];
  return (
    <>
      <div className="zx-relation-find">
        <Input
          value={text}
          onChange={(event) => setText(event.target.value)}
          onPressEnter={(event) => {
            event.preventDefault();
            go();
          }}
          aria-label={t("relation.find")}
          placeholder={t("search.placeholder")}
          autoComplete="off"
        />
        <Button icon={<SearchOutlined />} onClick={go} loading={find.isPending}>
          {t("common.search")}
        </Button>
      </div>
      {find.error && <Failed error={find.error} />}
      <div aria-live="polite">
        {find.data && !found.length && <p className="zx-masked">{t("relation.found_none")}</p>}
        {found.length > 0 && (
          <Radio.Group
            className="zx-stacked"
            value={value}
            onChange={(event) => onChange?.(event.target.value as string)}
            options={found.slice(0, 8).map((row) => ({
              value: row.id,
              label: [row.salutation || row.name, row.phone, row.code].filter(Boolean).join(" · "),
            }))}
          />
        )}
      </div>
    </>
  );
}

interface RelationValues {
  kind: RelationKind;
  customer_id: string;
}

function RelationDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm<RelationValues>();
  const refresh = useRefresh(customer.id);
  const save = useMutation({
    mutationFn: (values: RelationValues) =>
      api.POST("/api/v1/customers/{id}/relations", { params: { path: { id: customer.id } }, body: values }),
    onSuccess: () => {
      refresh();
      message.success(t("common.saved"));
      onClose();
    },
  });
  const kinds = customer.kind === "organisation" ? organisation : person;
  return (
    <Modal
      open
      title={t("relation.add")}
      okText={t("common.save")}
      onOk={() => form.submit()}
      onCancel={onClose}
      confirmLoading={save.isPending}
    >
      {save.error && <Failed error={save.error} />}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ kind: kinds[0] }}
        onFinish={(values) => save.mutate(values)}
      >
        <Form.Item name="kind" label={t("relation.kind")} extra={t("relation.kind_help")}>
          <Select options={kinds.map((value) => ({ value, label: t(`relation.${value}`) }))} />
        </Form.Item>
        <Form.Item
          name="customer_id"
          label={t("relation.who")}
          rules={[{ required: true, message: t("relation.need_who") }]}
        >
          <Finder self={customer.id} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function RelationsCard({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState(false);
  return (
    <Card
      title={t("relation.title")}
      extra={
        may("customer.write") && (
          <Button size="small" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
            {t("relation.add")}
          </Button>
        )
      }
    >
      {customer.relations.length ? (
        <ul className="zx-relations">
          {customer.relations.map((relation) => (
            <RelationLine
              key={`${relation.kind}${relation.customer_id}${relation.at}`}
              customer={customer}
              relation={relation}
            />
          ))}
        </ul>
      ) : (
        <p className="zx-masked">{t("relation.none")}</p>
      )}
      {open && <RelationDialog customer={customer} onClose={() => setOpen(false)} />}
    </Card>
  );
}
