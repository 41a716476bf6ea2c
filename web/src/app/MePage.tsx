// Me: who I am here, language and theme, and the way out.
import { Button, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Card, Label } from "../ui/Bits";
import { PageHead } from "../ui/PageHead";
import { changeLanguage } from "./i18n";
import { type Language, languages, setPrefs, type ThemeChoice, usePrefs } from "./prefs";
import { useLogOut, useMe } from "./session";

export function MePage() {
  const { t } = useTranslation();
  const me = useMe();
  const prefs = usePrefs();
  const logOut = useLogOut();
  return (
    <>
      <PageHead title={t("me.profile")} />
      <Card className="zx-narrow-card">
        <dl>
          <Label name={t("staff.name")}>{me.name}</Label>
          <Label name={t("staff.email")}>{me.email}</Label>
          <Label name={t("staff.role")}>{t(`role.${me.role}`)}</Label>
          {me.store && <Label name={t("customer.home_store")}>{me.store.name}</Label>}
          <Label name={t("app.language")}>
            <Select
              aria-label={t("app.language")}
              value={prefs.language}
              onChange={(language: Language) => changeLanguage(language)}
              options={Object.entries(languages).map(([value, label]) => ({ value, label }))}
              popupMatchSelectWidth={false}
            />
          </Label>
          <Label name={t("app.theme")}>
            <Segmented
              value={prefs.theme}
              onChange={(theme) => setPrefs({ theme: theme as ThemeChoice })}
              options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`theme.${value}`) }))}
            />
          </Label>
        </dl>
        <Button onClick={logOut}>{t("me.log_out")}</Button>
      </Card>
    </>
  );
}
