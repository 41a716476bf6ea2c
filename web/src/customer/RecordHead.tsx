// The head of a record: how to address her, where she belongs, and the three acts.
import { EditOutlined, EyeOutlined, TagsOutlined } from "@ant-design/icons";
import { Button, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Customer } from "../api/types";
import { useMay } from "../app/session";
import { Initial } from "./CustomerCard";
import { Channels, Known } from "./columns";
import { TagsDialog } from "./TagsDialog";

export function RecordHead({
  customer,
  onReveal,
  onEdit,
}: {
  customer: Customer;
  onReveal: () => void;
  onEdit: () => void;
}) {
  const { t } = useTranslation();
  const may = useMay();
  const [tagging, setTagging] = useState(false);
  const where = [
    customer.home_store && t("record.store_of", { store: customer.home_store.name }),
    customer.own_assistant && t("record.assistant", { no: customer.own_assistant }),
    customer.birthday && t("record.birthday", { day: customer.birthday }),
  ].filter(Boolean);
  return (
    <header className="zx-card zx-record-head">
      <Initial row={customer} size="big" />
      <div className="zx-record-title">
        <h1>
          {customer.salutation || customer.name}
          {customer.salutation && <span className="zx-masked">{customer.name}</span>}
          <Known row={customer} />
          {customer.members.length > 1 && (
            <span className="zx-joined">{t("record.joined", { count: customer.members.length })}</span>
          )}
        </h1>
        <p>
          <Channels row={customer} />
          {where.map((text) => (
            <span key={text as string}>{text}</span>
          ))}
          <span className="zx-num">{customer.code}</span>
        </p>
        {customer.tags.length > 0 && (
          <div className="zx-record-tags zx-tag-list">
            {customer.tags.map((tag) => (
              <Tag key={tag} variant="filled">
                {tag}
              </Tag>
            ))}
          </div>
        )}
      </div>
      <div className="zx-head-acts">
        {may("customer.reveal") && (
          <Button icon={<EyeOutlined />} onClick={onReveal}>
            {t("reveal.open")}
          </Button>
        )}
        {may("customer.write") && (
          <>
            <Button icon={<TagsOutlined />} onClick={() => setTagging(true)}>
              {t("customer.tags")}
            </Button>
            <Button type="primary" icon={<EditOutlined />} onClick={onEdit}>
              {t("common.edit")}
            </Button>
          </>
        )}
      </div>
      {tagging && <TagsDialog customer={customer} onClose={() => setTagging(false)} />}
    </header>
  );
}
