// The fields of a customer, for new ones and for changes; on changes personal values show masked beside an empty field.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Customer, Identifier } from "../api/types";
import { storesQuery } from "../catalog/queries";
import { Card } from "../ui/Bits";
import { isBirthday } from "./form";
import { RemoveDialog } from "./RemoveDialog";

const classes = ["consumer", "staff", "reseller", "test"] as const;
const genders = ["f", "m", "u"] as const;
const kinds = ["person", "organisation"] as const;

function ValueList({
  name,
  label,
  add,
  customer,
  kind,
  type,
}: {
  name: string;
  label: string;
  add: string;
  customer: Customer | undefined;
  kind: string;
  type: "tel" | "email" | "text";
}) {
  const { t } = useTranslation();
  const list = known(customer, [kind]);
  return (
    <Form.List name={name}>
      {(fields, { add: addOne, remove }) => (
        <div className="zx-values">
          <Known customer={customer} label={label} list={list} />
          {fields.map((field, i) => (
            <div key={field.key} className="zx-value">
              <Form.Item name={field.name} label={i === 0 ? label : <span className="zx-hidden">{label}</span>}>
                <Input type={type} autoComplete="off" maxLength={120} spellCheck={false} />
              </Form.Item>
              {(i > 0 || list.length > 0) && (
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={`${t("common.delete")} ${label}`}
                  onClick={() => remove(field.name)}
                />
              )}
            </div>
          ))}
          <Button type="text" size="small" icon={<PlusOutlined />} onClick={() => addOne("")}>
            {add}
          </Button>
        </div>
      )}
    </Form.List>
  );
}

function known(customer: Customer | undefined, kinds: string[]): Identifier[] {
  return customer?.identifiers.filter((i) => kinds.includes(i.kind) && i.status !== "removed") ?? [];
}

/** What is hers already, masked, each with the way to take it off. */
function Known({ customer, label, list }: { customer: Customer | undefined; label: string; list: Identifier[] }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Identifier | null>(null);
  if (!customer || list.length === 0) return null;
  return (
    <div className="zx-known">
      {label && <span className="zx-known-label">{label}</span>}
      {list.map((identifier) => {
        const value = identifier.masked || t("record.linked");
        return (
          <span key={identifier.id} className="zx-num">
            {value}
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined />}
              aria-label={`${t("remove.act")} ${label} ${value}`}
              onClick={() => setAsked(identifier)}
            />
          </span>
        );
      })}
      {asked && <RemoveDialog customer={customer} identifier={asked} onClose={() => setAsked(null)} />}
    </div>
  );
}

export function WhoFields({ customer }: { customer?: Customer }) {
  const { t } = useTranslation();
  const keep = customer && t("form.keep");
  return (
    <Card title={t("form.who")}>
      <div className="zx-fields">
        <Form.Item name="name" label={t("customer.name")} extra={keep}>
          <Input autoFocus={!customer} autoComplete="off" maxLength={128} placeholder={customer?.name} />
        </Form.Item>
        <Form.Item
          name="birthday"
          label={t("customer.birthday")}
          extra={customer ? keep : t("form.birthday_help")}
          rules={[
            {
              validator: (_, value?: string) =>
                !value || isBirthday(value) ? Promise.resolve() : Promise.reject(new Error(t("form.birthday_wrong"))),
            },
          ]}
        >
          <Input autoComplete="off" placeholder={customer?.birthday || "1990-05-12"} />
        </Form.Item>
        <Form.Item name="kind" label={t("customer.kind")}>
          <Radio.Group options={kinds.map((value) => ({ value, label: t(`customer.kind.${value}`) }))} />
        </Form.Item>
        <Form.Item name="member" label={t("customer.known")} valuePropName="checked">
          <Checkbox>{t("form.member")}</Checkbox>
        </Form.Item>
        <Form.Item name="gender" label={t("customer.gender")}>
          <Radio.Group options={genders.map((value) => ({ value, label: t(`gender.${value}`) }))} />
        </Form.Item>
        <Form.Item name="class" label={t("customer.class")}>
          <Select options={classes.map((value) => ({ value, label: t(`customer.class.${value}`) }))} />
        </Form.Item>
      </div>
    </Card>
  );
}

export function ContactFields({ customer }: { customer?: Customer }) {
  const { t } = useTranslation();
  return (
    <Card title={t("form.contact")}>
      <ValueList
        name="phones"
        type="tel"
        label={t("customer.phone")}
        add={t("form.add_phone")}
        customer={customer}
        kind="phone"
      />
      <ValueList
        name="emails"
        type="email"
        label={t("customer.email")}
        add={t("form.add_email")}
        customer={customer}
        kind="email"
      />
      <ValueList
        name="cards"
        type="text"
        label={t("customer.card")}
        add={t("form.add_card")}
        customer={customer}
        kind="card"
      />
      <div className="zx-fields">
        <Form.Item
          name="wechat_unionid"
          label={t("form.wechat")}
          extra={<Known customer={customer} label="" list={known(customer, ["unionid", "openid"])} />}
        >
          <Input autoComplete="off" maxLength={64} spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="weibo_uid"
          label={t("form.weibo")}
          extra={<Known customer={customer} label="" list={known(customer, ["weibo"])} />}
        >
          <Input autoComplete="off" maxLength={64} spellCheck={false} />
        </Form.Item>
      </div>
      {customer?.addresses.map((address) => (
        <p key={address} className="zx-known">
          <span className="zx-known-label">{t("customer.address")}</span> {address}
        </p>
      ))}
      <fieldset className="zx-fields zx-address">
        <legend>{t(customer ? "form.add_address" : "customer.address")}</legend>
        {(["province", "city", "district", "street", "recipient"] as const).map((part) => (
          <Form.Item key={part} name={["address", part]} label={t(`address.${part}`)}>
            <Input autoComplete="off" maxLength={120} />
          </Form.Item>
        ))}
      </fieldset>
    </Card>
  );
}

export function ShopFields({ customer }: { customer?: Customer }) {
  const { t } = useTranslation();
  const stores = useQuery(storesQuery);
  return (
    <Card title={t("form.shop")}>
      <div className="zx-fields">
        <Form.Item name="home_store" label={t("customer.home_store")}>
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            options={stores.data?.items.map((s) => ({ value: s.code, label: s.name }))}
          />
        </Form.Item>
        <Form.Item name="own_assistant" label={t("customer.own_assistant")}>
          <Input autoComplete="off" maxLength={20} placeholder="A07" />
        </Form.Item>
      </div>
      <div className="zx-fields zx-fields-3">
        {(["top", "bottom", "shoe"] as const).map((part) => (
          <Form.Item key={part} name={`size_${part}`} label={t(`size.${part}`)}>
            <Input autoComplete="off" maxLength={12} />
          </Form.Item>
        ))}
      </div>
      <Form.Item name="tastes" label={t("customer.tastes")}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、"]} />
      </Form.Item>
      <Form.Item name="tags" label={t("customer.tags")}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、"]} />
      </Form.Item>
      {!customer && (
        <Form.Item name="note" label={t("note.title")}>
          <Input.TextArea autoSize={{ minRows: 2 }} maxLength={2000} />
        </Form.Item>
      )}
    </Card>
  );
}
